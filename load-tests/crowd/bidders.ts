/** Bidders who go on through whatever breaks, as the client library lets them, and what they were told. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Fetch } from '@outcry/client/http-attempt.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { clientOf, clientsOf, createAuctions, named, plainTerms } from './people.ts';

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

/** With what its receipt says, as far as accounts are compared, and when it came (`performance.now()`). */
type ToldBid = SentBid &
  Pick<BidReceipt, 'bidId' | 'epoch' | 'seq' | 'price'> & {
    readonly alias: number;
    readonly at: number;
  };

/** The last answer after all retries, when it was no acceptance. */
type FailedBid = SentBid & { readonly code: string };

interface BiddersOptions {
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
   * for a server that others' auctions are on.
   */
  readonly atOnce: number | 'each';
  /** The client's retries; without it the client's default. */
  readonly retries?: number;
  /** Of one bidder between two bids. Default 20. */
  readonly pauseMs?: number;
}

export type Bidders = Awaited<ReturnType<typeof startBidders>>;

/**
 * Creates the auctions and a client for each bidder, and begins. Bids are maximum bids, each higher than
 * the one before: the price becomes the second highest maximum and a cent. One that was overtaken on its
 * way by a single other one is still accepted.
 */
export async function startBidders(options: BiddersOptions) {
  const { gatewayUrls, name, auctions, retries, atOnce, hot = 0 } = options;
  const { auctions: ending = 0, afterSeconds = 0 } = options.ending ?? {};
  const [gatewayUrl = ''] = gatewayUrls;
  const client = (user: string, first: number) => {
    const fetch = failOver(gatewayUrls, first);
    return clientOf(user, ['bidder', 'seller'], { gatewayUrl, fetch, retries });
  };
  const seller = await client('seller', 0);
  const terms = named(name, auctions + ending).map((title, i) => {
    const change = i < auctions ? {} : { durationSeconds: afterSeconds };
    return plainTerms(title, { startPrice: START_PRICE, ...change });
  });
  const own = atOnce === 'each';
  const auctionIds = await createAuctions(seller, terms);
  const hotAuctionIds = auctionIds.slice(0, hot);
  const open = auctionIds.slice(hot);
  const users = named('bidder', options.bidders);
  const bidderOf = await clientsOf(users, client);

  /** What bidders were told: the list that Redis and Postgres are compared with. */
  const ledger = {
    accepted: new Array<ToldBid>(),
    /** Refused although the rules allow the bid; nothing was changed by it. */
    refused: new Array<FailedBid>(),
    /** Nobody said whether they were accepted. */
    unknown: new Array<FailedBid>(),
  };
  /** When each bid was first sent, and how long its last answer took from there, in ms. */
  const timed: { readonly sentAt: number; readonly tookMs: number }[] = [];
  const stopping = new AbortController();
  let bidding: Promise<unknown> = Promise.resolve();
  let sent = 0;
  let { pauseMs = 20 } = options;

  /** Every second bid goes to a hot auction; whoever bids next there is somebody else. */
  function next(line: number, n: number): SentBid {
    const among = n % 2 === 0 && hot > 0 ? hotAuctionIds : open;
    return {
      auctionId: among[(own ? line : Math.floor(n / 2)) % among.length] ?? '',
      userId: users[(own ? line : n) % users.length] ?? '',
      key: `${name}-${n}`,
      maxAmount: START_PRICE + (n + 1) * AMOUNT_STEP,
    };
  }

  /** Sends a bid again with its key. @returns the answer that counts for it */
  async function sendAgain(bid: SentBid): Promise<ToldBid | FailedBid> {
    const { auctionId, userId, key, maxAmount } = bid;
    try {
      const receipt = await bidderOf(userId).bid(auctionId, { maxAmount }, { idempotencyKey: key });
      const { bidId, epoch, seq, bidder: alias, price } = receipt;
      if (alias === null) throw new Error(`${auctionId} has not started`);
      const told = { bidId, epoch, seq, alias, price, at: performance.now() };
      return { auctionId, userId, key, maxAmount, ...told };
    } catch (error) {
      if (!(error instanceof OutcryError)) throw error;
      return { auctionId, userId, key, maxAmount, code: error.code };
    }
  }

  async function bidOnAndOn(line: number): Promise<void> {
    while (!stopping.signal.aborted) {
      const bid = next(line, sent);
      sent += 1;
      const sentAt = performance.now();
      const answer = await sendAgain(bid);
      timed.push({ sentAt, tookMs: performance.now() - sentAt });
      if (!('code' in answer)) ledger.accepted.push(answer);
      else if (answer.code === 'OUTCOME_UNKNOWN') ledger.unknown.push(answer);
      else if (!BY_THE_RULES.has(answer.code)) ledger.refused.push(answer);
      const at = open.indexOf(bid.auctionId);
      if ('code' in answer && answer.code === 'AUCTION_ENDED' && at >= 0) open.splice(at, 1);
      if (pauseMs > 0) await pause(pauseMs);
    }
  }

  function begin(count: number): void {
    const more = Array.from({ length: count }, (_, i) => bidOnAndOn(i));
    bidding = Promise.all([bidding, ...more]);
  }

  begin(own ? users.length : atOnce);
  return {
    auctionIds,
    hotAuctionIds,
    endingAuctionIds: auctionIds.slice(auctions),
    ledger,
    sendAgain,

    /** What reached bidders after all retries and was neither accepted nor refused by the rules. */
    failures: () => [...ledger.refused, ...ledger.unknown],

    /** Of the bids that were sent between two times of `performance.now()`. */
    latency(from: number, to: number) {
      const within = timed.filter(({ sentAt }) => sentAt >= from && sentAt < to);
      const took = within.map(({ tookMs }) => tookMs);
      return { p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
    },

    /** From now on so many more bid at once, and nobody pauses between two bids. */
    hurry(more: number): void {
      pauseMs = 0;
      begin(more);
    },

    /**
     * Resolves when `more` bids were accepted from now on, on each of the auctions if any are named.
     * @throws Error after `withinMs`; the signal's reason
     */
    async untilAccepted(
      more: number,
      withinMs: number,
      { signal, onEach }: { signal?: AbortSignal; onEach?: readonly string[] } = {},
    ): Promise<void> {
      const before = ledger.accepted.length;
      const isEnough = (): boolean => {
        signal?.throwIfAborted();
        const bids = ledger.accepted.slice(before);
        const on = (id: string): number => bids.filter((bid) => bid.auctionId === id).length;
        return onEach?.every((id) => on(id) >= more) ?? bids.length >= more;
      };
      await waitUntil(isEnough, {
        withinMs,
        what: `${more} accepted bids on ${onEach?.join() ?? 'all'}`,
      });
    },

    /** Resolves when the bids under way have their last answers. @returns what bidders were told */
    async stop() {
      stopping.abort();
      await bidding;
      return { ...ledger, unknown: ledger.unknown.length };
    },
  };
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
