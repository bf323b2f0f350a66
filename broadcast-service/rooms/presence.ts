/** Tells an auction's viewers how many they are, at most once a second. */
import type { PresenceMessage } from '@outcry/shared/contracts/live.ts';

const EVERY_MS = 1_000;

export class Presence {
  readonly #count: (auctionId: string) => number;
  readonly #send: (message: PresenceMessage) => void;
  readonly #changed = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(count: (auctionId: string) => number, send: (message: PresenceMessage) => void) {
    this.#count = count;
    this.#send = send;
    this.#timer = setInterval(() => this.#report(), EVERY_MS);
  }

  /** Somebody came or left. */
  changed(auctionId: string): void {
    this.#changed.add(auctionId);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    for (const auctionId of this.#changed) {
      const viewers = this.#count(auctionId);
      if (viewers > 0) this.#send({ auctionId, viewers });
    }
    this.#changed.clear();
  }
}
