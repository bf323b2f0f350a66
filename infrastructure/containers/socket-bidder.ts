/** One who bids over the live connection, with the same key until there is an answer. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';

const BETWEEN_BIDS_MS = 500;
const BETWEEN_ATTEMPTS_MS = 100;
/** Above everybody else's, so that none is too low. */
const FIRST_AMOUNT = 1_000_000;

export class SocketBidder {
  /** Ids of bids. */
  readonly accepted: string[] = [];
  #stopping = false;
  readonly #feed: LiveFeed;
  readonly #running: Promise<void>;

  constructor(url: string, auctionId: string, token: string) {
    this.#feed = new LiveFeed({ url, token });
    this.#running = this.#run(auctionId);
  }

  /** @throws Error that is no answer of Outcry's */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#feed.close();
  }

  async #run(auctionId: string): Promise<void> {
    for (let maxAmount = FIRST_AMOUNT; !this.#stopping; maxAmount += 100) {
      await this.#bid(auctionId, maxAmount);
      await pause(BETWEEN_BIDS_MS);
    }
  }

  async #bid(auctionId: string, maxAmount: number): Promise<void> {
    const key = randomUUID();
    while (!this.#stopping) {
      try {
        const { bidId } = await this.#feed.bid(auctionId, { maxAmount }, key);
        this.accepted.push(bidId);
        return;
      } catch (error) {
        if (!(error instanceof OutcryError)) throw error;
        await pause(BETWEEN_ATTEMPTS_MS);
      }
    }
  }
}
