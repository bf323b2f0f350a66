/** Sends once per turn of the event loop and auction, however many messages came in. */
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';

type Send = (message: EventsMessage) => void;

/**
 * One send to thousands of viewers holds the event loop for a while. What arrives meanwhile is
 * joined into one message, so that a fast auction costs fewer and larger sends.
 */
export class Outbox {
  readonly #send: Send;
  readonly #waiting = new Map<string, EventsMessage>();
  #scheduled = false;

  constructor(send: Send) {
    this.#send = send;
  }

  /** The message goes out soon; it must continue the auction's one before. */
  add(message: EventsMessage): void {
    const before = this.#waiting.get(message.auctionId);
    const joined =
      before === undefined ? message : { ...message, events: before.events.concat(message.events) };
    this.#waiting.set(message.auctionId, joined);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flushAll());
  }

  /** Sends what waits for this auction now, before a newcomer joins who has it already. */
  flush(auctionId: string): void {
    const message = this.#waiting.get(auctionId);
    if (message === undefined) return;
    this.#waiting.delete(auctionId);
    this.#send(message);
  }

  #flushAll(): void {
    this.#scheduled = false;
    for (const auctionId of Array.from(this.#waiting.keys())) this.flush(auctionId);
  }
}
