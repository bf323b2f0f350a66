/** Bidders who bid without a pause worth speaking of, on a few hot auctions and on many others. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import { eachWithLimit } from '../each-with-limit.ts';
import { failOver } from './fail-over.ts';
import { Ledger, type FailedBid, type SentBid } from './ledger.ts';

const BIDDERS = 100;
const HOT_AUCTIONS = 2;
const OTHER_AUCTIONS = 40;
/** They end while the fault lasts, so that there are winners. */
const ENDING_AUCTIONS = 8;
const DAY_SECONDS = 86_400;
const AT_ONCE = 16;
const START_PRICE = 1_000;
/** Two bids may overtake each other on their way and both are accepted, see {@link Crowd}. */
const AMOUNT_STEP = 10;
const PAUSE_MS = 20;
const AT_ONCE_IN_A_HURRY = 48;

/** A user and the client that bids for them. */
interface Bidder {
  readonly userId: string;
  readonly client: OutcryClient;
}

export interface CrowdOptions {
  /** Each client starts with another one and goes on to the next when it fails. */
  readonly gatewayUrls: readonly string[];
  /** Unique; part of every idempotency key and title. */
  readonly name: string;
  /** After this some auctions end. */
  readonly endAfterSeconds: number;
}

/**
 * Bids are maximum bids, each higher than the one before: the price becomes the second highest
 * maximum and a cent. One that was overtaken on its way by a single other one is still accepted.
 */
export class Crowd {
  readonly ledger = new Ledger();
  readonly auctionIds: readonly string[];
  readonly hotAuctionIds: readonly string[];
  readonly endingAuctionIds: readonly string[];
  readonly #name: string;
  readonly #bidders: readonly Bidder[];
  readonly #open: string[];
  readonly #stopping = new AbortController();
  #bidding: Promise<unknown> = Promise.resolve();
  #sent = 0;
  #pauseMs = PAUSE_MS;

  private constructor(name: string, bidders: readonly Bidder[], auctionIds: readonly string[]) {
    this.#name = name;
    this.#bidders = bidders;
    this.auctionIds = auctionIds;
    this.hotAuctionIds = auctionIds.slice(0, HOT_AUCTIONS);
    this.endingAuctionIds = auctionIds.slice(HOT_AUCTIONS + OTHER_AUCTIONS);
    this.#open = auctionIds.slice(HOT_AUCTIONS);
  }

  /** Creates the auctions, and a client for each bidder. */
  static async open({ gatewayUrls, name, endAfterSeconds }: CrowdOptions): Promise<Crowd> {
    const seller = await clientOf('seller', gatewayUrls, 0);
    const bidders = await eachWithLimit(
      Array.from({ length: BIDDERS }, (_, i) => i),
      AT_ONCE,
      async (i) => {
        const userId = `bidder-${i + 1}`;
        return { userId, client: await clientOf(userId, gatewayUrls, i) };
      },
    );
    const lasting = HOT_AUCTIONS + OTHER_AUCTIONS;
    const numbers = Array.from({ length: lasting + ENDING_AUCTIONS }, (_, i) => i);
    const auctionIds = await eachWithLimit(numbers, AT_ONCE, async (i) => {
      const auction = await seller.createAuction({
        item: { title: `${name} ${i + 1}` },
        currency: 'EUR',
        startPrice: START_PRICE,
        durationSeconds: i < lasting ? DAY_SECONDS : endAfterSeconds,
        increments: [{ from: 0, by: 1 }],
        softClose: null,
      });
      return auction.id;
    });
    return new Crowd(name, bidders, auctionIds);
  }

  start(): void {
    this.#bidding = Promise.all(Array.from({ length: AT_ONCE }, () => this.#bid()));
  }

  /** From now on more bids at once, and no pause between two. */
  hurry(): void {
    this.#pauseMs = 0;
    const more = Array.from({ length: AT_ONCE_IN_A_HURRY - AT_ONCE }, () => this.#bid());
    this.#bidding = Promise.all([this.#bidding, ...more]);
  }

  /**
   * Resolves when `more` bids were accepted from now on.
   * @throws Error after `withinMs`; the signal's reason
   */
  async untilAccepted(more: number, withinMs: number, signal: AbortSignal): Promise<void> {
    const enough = this.ledger.accepted.length + more;
    const giveUpAt = performance.now() + withinMs;
    while (this.ledger.accepted.length < enough) {
      if (performance.now() > giveUpAt) {
        const missing = enough - this.ledger.accepted.length;
        throw new Error(`${missing} of ${more} bids were not accepted within ${withinMs} ms`);
      }
      await pause(20, undefined, { signal });
    }
  }

  /** Resolves when the bids under way have their last answers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#bidding;
  }

  /** Sends a bid again with its key. @returns the answer that counts for it */
  async sendAgain(bid: SentBid): Promise<BidReceipt | FailedBid> {
    const bidder = this.#bidders.find(({ userId }) => userId === bid.userId);
    if (bidder === undefined) throw new Error(`${bid.userId} is no bidder`);
    const { auctionId, maxAmount, key } = bid;
    try {
      return await bidder.client.bid(auctionId, { maxAmount }, { idempotencyKey: key });
    } catch (error) {
      if (!(error instanceof OutcryError)) throw error;
      return { ...bid, code: error.code };
    }
  }

  async #bid(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const n = this.#sent;
      this.#sent += 1;
      const bid = this.#next(n);
      const sentAt = performance.now();
      const answer = await this.sendAgain(bid);
      const timed = { sentAt, tookMs: performance.now() - sentAt };
      if ('code' in answer) {
        this.ledger.fail(answer, timed);
        if (answer.code === 'AUCTION_ENDED') this.#close(bid.auctionId);
      } else {
        this.ledger.accept({ ...bid, receipt: answer }, timed);
      }
      if (this.#pauseMs > 0) await pause(this.#pauseMs);
    }
  }

  /** Every second bid goes to a hot auction; whoever bids next there is somebody else. */
  #next(n: number): SentBid {
    const among = n % 2 === 0 ? this.hotAuctionIds : this.#open;
    const auctionId = among[Math.floor(n / 2) % among.length] ?? '';
    const { userId } = this.#bidders[n % this.#bidders.length] ?? { userId: '' };
    const maxAmount = START_PRICE + (n + 1) * AMOUNT_STEP;
    return { auctionId, userId, key: `${this.#name}-${n}`, maxAmount };
  }

  #close(auctionId: string): void {
    const at = this.#open.indexOf(auctionId);
    if (at >= 0) this.#open.splice(at, 1);
  }
}

async function clientOf(
  userId: string,
  gatewayUrls: readonly string[],
  first: number,
): Promise<OutcryClient> {
  const [gatewayUrl = ''] = gatewayUrls;
  const fetch = failOver(gatewayUrls, first);
  const { token } = await new OutcryClient({ gatewayUrl, fetch }).devToken(userId, [
    'bidder',
    'seller',
  ]);
  return new OutcryClient({ gatewayUrl, token, fetch });
}
