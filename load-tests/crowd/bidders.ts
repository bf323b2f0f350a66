/** Bidders who go on through whatever breaks, as the client library lets them, and what they were told. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Fetch } from '@outcry/client/http-attempt.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { SHARDS } from '../system/system.ts';
import { clientOf, createAuctions, eachWithLimit, plainTerms } from './people.ts';

const AT_ONCE = 16;
const START_PRICE = 1_000;
/** Two bids may overtake each other on their way and both are accepted, see {@link Bidders}. */
const AMOUNT_STEP = 10;
/** Refusals that the rules of an auction give: no fault is needed for them. */
const BY_THE_RULES = new Set(['BID_TOO_LOW', 'MAX_NOT_RAISED', 'AUCTION_ENDED']);

/** A bid as it was sent; sent again it is the same. */
interface SentBid {
  readonly auctionId: string;
  readonly userId: string;
  readonly key: string;
  readonly maxAmount: number;
}

/** With what its receipt says, as far as accounts are compared. */
interface ToldBid extends SentBid {
  readonly bidId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly alias: number;
  readonly price: number;
  /** `performance.now()` when its answer came. */
  readonly at: number;
}

/** The last answer after all retries, when it was no acceptance. */
interface FailedBid extends SentBid {
  readonly code: string;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What bidders were told: the list that Redis and Postgres are compared with. */
class Ledger {
  readonly accepted: ToldBid[] = [];
  /** Refused although the rules allow the bid; nothing was changed by it. */
  readonly refused: FailedBid[] = [];
  /** Nobody said whether they were accepted. */
  readonly unknown: FailedBid[] = [];
  /** When each bid was first sent, and how long its last answer took from there, in ms. */
  readonly #timed: { readonly sentAt: number; readonly tookMs: number }[] = [];

  note(answer: ToldBid | FailedBid, sentAt: number): void {
    this.#timed.push({ sentAt, tookMs: performance.now() - sentAt });
    if (!('code' in answer)) this.accepted.push(answer);
    else if (answer.code === 'OUTCOME_UNKNOWN') this.unknown.push(answer);
    else if (!BY_THE_RULES.has(answer.code)) this.refused.push(answer);
  }

  /** Of the bids that were sent between two times of `performance.now()`. */
  latency(from: number, to: number): Latency {
    const within = this.#timed.filter(({ sentAt }) => sentAt >= from && sentAt < to);
    const took = within.map(({ tookMs }) => tookMs);
    return { p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
  }
}

export interface BiddersOptions {
  /** Each client starts with another one and goes on to the next when it fails. */
  readonly gatewayUrls: readonly string[];
  /** Unique; part of every idempotency key and title. */
  readonly name: string;
  readonly bidders: number;
  /** Auctions that last. */
  readonly auctions: number;
  /** Of these, the first so many get half of all bids. Default none. */
  readonly hot?: number;
  /** Further auctions, which end after so many seconds. Default none. */
  readonly ending?: { readonly auctions: number; readonly afterSeconds: number };
  /**
   * How many bid at once, in turns; `each`: all of them, each on one auction, so that nobody waits
   * for a server that others' auctions are on. These are spread evenly over the shards.
   */
  readonly atOnce: number | 'each';
  /** The client's retries; without it the client's default. */
  readonly retries?: number;
  /** Of one bidder between two bids. Default 20. */
  readonly pauseMs?: number;
}

/**
 * Bids are maximum bids, each higher than the one before: the price becomes the second highest
 * maximum and a cent. One that was overtaken on its way by a single other one is still accepted.
 */
export class Bidders {
  readonly ledger = new Ledger();
  readonly auctionIds: readonly string[];
  readonly hotAuctionIds: readonly string[];
  readonly endingAuctionIds: readonly string[];
  readonly #options: BiddersOptions;
  readonly #clients: ReadonlyMap<string, OutcryClient>;
  readonly #open: string[];
  readonly #stopping = new AbortController();
  #bidding: Promise<unknown> = Promise.resolve();
  #sent = 0;
  #pauseMs: number;

  private constructor(
    options: BiddersOptions,
    clients: ReadonlyMap<string, OutcryClient>,
    auctionIds: readonly string[],
  ) {
    const { auctions, hot = 0, pauseMs = 20 } = options;
    this.#options = options;
    this.#clients = clients;
    this.#pauseMs = pauseMs;
    this.auctionIds = auctionIds;
    this.hotAuctionIds = auctionIds.slice(0, hot);
    this.endingAuctionIds = auctionIds.slice(auctions);
    this.#open = auctionIds.slice(hot);
  }

  /** Creates the auctions and a client for each bidder, and begins. */
  static async start(options: BiddersOptions): Promise<Bidders> {
    const { gatewayUrls, name, auctions, ending, retries, atOnce } = options;
    const client = (user: string, first: number) =>
      clientOf(user, ['bidder', 'seller'], {
        gatewayUrl: gatewayUrls[0] ?? '',
        fetch: failOver(gatewayUrls, first),
        ...(retries !== undefined && { retries }),
      });
    const seller = await client('seller', 0);
    const terms = Array.from({ length: auctions + (ending?.auctions ?? 0) }, (_, i) =>
      plainTerms(`${name} ${i + 1}`, {
        startPrice: START_PRICE,
        ...(i >= auctions && ending !== undefined && { durationSeconds: ending.afterSeconds }),
      }),
    );
    const ids =
      atOnce === 'each'
        ? await evenly(auctions, () => createAuctions(seller, terms.slice(0, 1)))
        : await createAuctions(seller, terms);
    const users = Array.from({ length: options.bidders }, (_, i) => `bidder-${i + 1}`);
    const clients = await eachWithLimit(users, AT_ONCE, client);
    const known = new Map(users.map((user, i) => [user, clients[i] ?? seller]));
    const bidders = new Bidders(options, known, ids);
    bidders.#begin(atOnce === 'each' ? options.bidders : atOnce);
    return bidders;
  }

  /** What reached bidders after all retries and was neither accepted nor refused by the rules. */
  get failures(): readonly FailedBid[] {
    return [...this.ledger.refused, ...this.ledger.unknown];
  }

  /** From now on so many more bid at once, and nobody pauses between two bids. */
  hurry(more: number): void {
    this.#pauseMs = 0;
    this.#begin(more);
  }

  /**
   * Resolves when `more` bids were accepted from now on, on each of the auctions if any are named.
   * @throws Error after `withinMs`; the signal's reason
   */
  async untilAccepted(
    more: number,
    withinMs: number,
    { signal, onEach }: { signal?: AbortSignal; onEach?: readonly string[] } = {},
  ): Promise<void> {
    const before = this.ledger.accepted.length;
    const isEnough = (): boolean => {
      signal?.throwIfAborted();
      const bids = this.ledger.accepted.slice(before);
      if (onEach === undefined) return bids.length >= more;
      return onEach.every((id) => bids.filter((bid) => bid.auctionId === id).length >= more);
    };
    const where = onEach === undefined ? '' : ` on each of ${onEach.join(', ')}`;
    await waitUntil(isEnough, { withinMs, what: `the acceptance of ${more} bids${where}` });
  }

  /** Resolves when the bids under way have their last answers. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#bidding;
  }

  /** Sends a bid again with its key. @returns the answer that counts for it */
  async sendAgain({ auctionId, userId, key, maxAmount }: SentBid): Promise<ToldBid | FailedBid> {
    const bid = { auctionId, userId, key, maxAmount };
    const client = this.#clients.get(userId);
    if (client === undefined) throw new Error(`${userId} is no bidder`);
    try {
      const receipt = await client.bid(auctionId, { maxAmount }, { idempotencyKey: key });
      const { bidId, epoch, seq, bidder: alias, price } = receipt;
      return { ...bid, bidId, epoch, seq, alias, price, at: performance.now() };
    } catch (error) {
      if (!(error instanceof OutcryError)) throw error;
      return { ...bid, code: error.code };
    }
  }

  #begin(count: number): void {
    const more = Array.from({ length: count }, (_, i) => this.#bid(i));
    this.#bidding = Promise.all([this.#bidding, ...more]);
  }

  async #bid(line: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const bid = this.#next(line, this.#sent);
      this.#sent += 1;
      const sentAt = performance.now();
      const answer = await this.sendAgain(bid);
      this.ledger.note(answer, sentAt);
      const at = this.#open.indexOf(bid.auctionId);
      if ('code' in answer && answer.code === 'AUCTION_ENDED' && at >= 0) this.#open.splice(at, 1);
      if (this.#pauseMs > 0) await pause(this.#pauseMs);
    }
  }

  /** Every second bid goes to a hot auction; whoever bids next there is somebody else. */
  #next(line: number, n: number): SentBid {
    const { name, bidders, atOnce } = this.#options;
    const own = atOnce === 'each';
    const among = n % 2 === 0 && this.hotAuctionIds.length > 0 ? this.hotAuctionIds : this.#open;
    return {
      auctionId: among[(own ? line : Math.floor(n / 2)) % among.length] ?? '',
      userId: `bidder-${((own ? line : n) % bidders) + 1}`,
      key: `${name}-${n}`,
      maxAmount: START_PRICE + (n + 1) * AMOUNT_STEP,
    };
  }
}

/** The gateway chooses shards at random; auctions of a shard that has its part are left alone. */
async function evenly(count: number, create: () => Promise<string[]>): Promise<string[]> {
  const mostOfShard = Math.ceil(count / SHARDS);
  const ids: string[] = [];
  while (ids.length < count) {
    const [id = ''] = await create();
    const ofShard = ids.filter((other) => shardOfId(other, SHARDS) === shardOfId(id, SHARDS));
    if (ofShard.length < mostOfShard) ids.push(id);
  }
  return ids;
}

/**
 * A `fetch` that puts the present gateway's address in the place of the client's. After a failure
 * or a 503 the next request, which is the client's own retry, goes to the next gateway.
 * @param first which one to begin with
 */
function failOver(gatewayUrls: readonly string[], first: number): Fetch {
  let present = first;
  return async (url, init) => {
    const origin = gatewayUrls[present % gatewayUrls.length];
    const { pathname, search } = new URL(url);
    try {
      const response = await fetch(`${origin}${pathname}${search}`, init);
      if (response.status === 503) present += 1;
      return response;
    } catch (error) {
      present += 1;
      throw error;
    }
  };
}
