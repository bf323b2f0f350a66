/**
 * Who the user is in the auctions of a list: asked of the gateway once for each, and again when the
 * feed says that it may be otherwise. Slowly, because a user may ask only so often.
 */
import { signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { RefreshLoop } from './refresh-loop.ts';
import { asUser, signedInAs } from './session.ts';

/** Half of what a user may ask by default, so that the rest of the page, and bids, go through. */
const PAUSE_MS = 100;
/** Until what could not be read is asked for again. */
const RETRY_EVERY_MS = 5_000;

export class OwnAliases {
  /** By auction; null where the user has not bid. */
  readonly known = signal<ReadonlyMap<string, number | null>>(new Map());
  readonly #client: OutcryClient;
  readonly #due = new Set<string>();
  readonly #loop = new RefreshLoop(() => this.#readDue(), RETRY_EVERY_MS);

  constructor(client: OutcryClient) {
    this.#client = client;
  }

  open(): void {
    this.#loop.start();
  }

  close(): void {
    this.#loop.stop();
  }

  /** Asks, whatever is known already. Visitors have no bids. */
  ask(auctionId: string): void {
    if (signedInAs.peek() === undefined) return;
    this.#due.add(auctionId);
    void this.#loop.now();
  }

  /** Asks unless it was asked before. */
  askOnce(auctionId: string): void {
    if (!this.known.peek().has(auctionId)) this.ask(auctionId);
  }

  async #readDue(): Promise<void> {
    for (const auctionId of this.#due) {
      if (this.#loop.stopped) return;
      // What is heard from now on is read once more.
      this.#due.delete(auctionId);
      try {
        const { alias } = await asUser(this.#client, () => this.#client.own(auctionId));
        this.known.value = new Map(this.known.peek()).set(auctionId, alias);
      } catch (error) {
        console.warn('an own side could not be read, retrying', error);
        this.#due.add(auctionId);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
