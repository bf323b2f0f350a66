/** What an auction's room sends, and whom to. */
import type { EventsMessage, PresenceMessage } from '@outcry/shared/contracts/live.ts';

/** One message for many; each way of sending encodes it once. */
export class Packet<M extends EventsMessage | PresenceMessage = EventsMessage | PresenceMessage> {
  readonly event: 'events' | 'presence';
  readonly message: M;
  #json: string | undefined;

  constructor(message: M) {
    this.event = 'state' in message ? 'events' : 'presence';
    this.message = message;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.message);
    return this.#json;
  }
}

/** A viewer's connection, as far as a room needs it. Nothing here waits, nothing throws. */
export interface Recipient {
  /** Bytes that were handed over and that the network has not taken yet. */
  readonly waitingBytes: number;
  send(packet: Packet): void;
  /** Ends the connection at once. The viewer may come back and continue from the log. */
  drop(): void;
}
