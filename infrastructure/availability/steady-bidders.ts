/** Bidders who go on bidding through whatever breaks, as the client library lets them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Fetch } from '@outcry/client/http-attempt.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { SHARDS } from './available-system.ts';

export interface AcceptedBid {
  readonly auctionId: string;
  readonly receipt: BidReceipt;
  /** `performance.now()` when its answer came. */
  readonly at: number;
}

/** Answers that the rules give, whatever happens to the servers. */
const BY_THE_RULES = new Set(['BID_TOO_LOW', 'MAX_NOT_RAISED']);

export interface SteadyOptions {
  readonly bidders: number;
  /** Spread evenly over the shards, as far as that goes. */
  readonly auctions: number;
  /** The client's retries; without it the client's default. */
  readonly retries?: number;
  /** Of one bidder between two bids. */
  readonly pauseMs?: number;
}

export class SteadyBidders {
  readonly accepted: AcceptedBid[] = [];
  /** What reached a bidder after all retries and was neither accepted nor refused by the rules. */
  readonly failures: { readonly auctionId: string; readonly code: string }[] = [];
  readonly auctionIds: readonly string[];
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  /** Rises from bid to bid, so that hardly any is too low. */
  #amount = 1_000;

  private constructor(auctionIds: readonly string[]) {
    this.auctionIds = auctionIds;
  }

  /** Creates the auctions and begins. */
  static async start(
    gatewayUrls: readonly string[],
    { bidders, auctions, retries, pauseMs = 20 }: SteadyOptions,
  ): Promise<SteadyBidders> {
    const clientOf = async (userId: string, first: number): Promise<OutcryClient> => {
      const options = { gatewayUrl: gatewayUrls[0] ?? '', fetch: failOver(gatewayUrls, first) };
      const { token } = await new OutcryClient(options).devToken(userId, ['bidder', 'seller']);
      return new OutcryClient({ ...options, token, retries });
    };
    const seller = await clientOf('seller', 0);
    const made = new SteadyBidders(await createAuctions(seller, auctions));
    const clients = await Promise.all(
      Array.from({ length: bidders }, (_, i) => clientOf(`user-${i}`, i)),
    );
    made.#running = Promise.all(clients.map((client, i) => made.#bidOn(client, i, pauseMs)));
    return made;
  }

  /** Waits for so many more accepted bids, on every one of these auctions. */
  async untilMoreOn(auctionIds: readonly string[], count: number, withinMs: number): Promise<void> {
    const before = this.accepted.length;
    const giveUpAt = performance.now() + withinMs;
    const isEnough = (id: string): boolean =>
      this.accepted.slice(before).filter(({ auctionId }) => auctionId === id).length >= count;
    while (!auctionIds.every(isEnough)) {
      if (performance.now() > giveUpAt) {
        throw new Error(`no ${count} more bids on all of ${auctionIds.join(', ')}`);
      }
      await pause(50);
    }
  }

  /** Ends after the bids in hand, with all their retries. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #bidOn(client: OutcryClient, bidder: number, pauseMs: number): Promise<void> {
    const { signal } = this.#stopping;
    // One auction each, so that nobody waits for a server that others' auctions are on.
    const auctionId = this.auctionIds[bidder % this.auctionIds.length] ?? '';
    while (!signal.aborted) {
      this.#amount += 10;
      const amount = this.#amount;
      try {
        const options = { idempotencyKey: randomUUID() };
        const receipt = await client.bid(auctionId, { maxAmount: amount }, options);
        this.accepted.push({ auctionId, receipt, at: performance.now() });
      } catch (error) {
        const code = error instanceof OutcryError ? error.problem.code : String(error);
        if (!BY_THE_RULES.has(code)) this.failures.push({ auctionId, code });
      }
      await pause(pauseMs);
    }
  }
}

/** The gateway chooses shards at random; auctions of a shard that has its part are left alone. */
async function createAuctions(seller: OutcryClient, count: number): Promise<string[]> {
  const mostOfShard = Math.ceil(count / SHARDS);
  const ids: string[] = [];
  while (ids.length < count) {
    const { id } = await seller.createAuction({
      item: { title: 'Cartier wristwatch' },
      currency: 'USD',
      startPrice: 1_000,
      increments: [{ from: 0, by: 1 }],
      durationSeconds: 3_600,
    });
    const ofShard = ids.filter((other) => shardOfId(other, SHARDS) === shardOfId(id, SHARDS));
    if (ofShard.length < mostOfShard) ids.push(id);
  }
  return ids;
}

/** Sends a request to the next gateway after a failure or a 503, as a load balancer would. */
function failOver(gatewayUrls: readonly string[], first: number): Fetch {
  let present = first;
  return async (url, init) => {
    const { pathname, search } = new URL(url);
    try {
      const response = await fetch(
        `${gatewayUrls[present % gatewayUrls.length]}${pathname}${search}`,
        init,
      );
      if (response.status === 503) present += 1;
      return response;
    } catch (error) {
      present += 1;
      throw error;
    }
  };
}
