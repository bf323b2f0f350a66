/** One connected viewer: what it watches, and the answers to what it sends. */
import type { AuctionView, BidReceipt } from '@outcry/shared/contracts/api.ts';
import type { Ack, Position } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { SourceUnavailableError } from '../feed/auction-source.ts';
import type { AuctionFeed } from '../feed/auction-feed.ts';
import type { Lease } from '../feed/watched-auctions.ts';
import { NOT_RECOVERED, type Recovered } from '../feed/recover.ts';
import { Allowance } from './allowance.ts';
import {
  bidRequest,
  malformed,
  refused,
  unwatchRequest,
  watchRequest,
  type ForwardBid,
} from './requests.ts';

/** The connection, as far as a viewer needs it. */
export interface ViewerSocket {
  /** The token it came with, already checked; undefined for anonymous viewers. */
  readonly token: string | undefined;
  readonly address: string;
  /** Bytes it was sent and has not taken yet. */
  readonly waitingBytes: number;
  /** Whether so many events may be put together for it. */
  mayRecover(events: number): boolean;
  /** Charges the connection for more requests than it sent. */
  charge(requests: number): void;
  /** From now on the viewer gets what comes after `at`. */
  join(auctionId: string, at: Position, counted: boolean): void;
  leave(auctionId: string): void;
}

export interface ViewerParts {
  /** @throws SourceUnavailableError */
  acquire(auctionId: string): Promise<Lease | undefined>;
  readonly forwardBid: ForwardBid;
  /** The deciding clock, ms since 1970. */
  now(): number;
  recovered(how: 'fresh' | 'recovered' | 'replaced'): void;
}

const MAX_WATCHED = 100;
const MAX_BIDS_IN_FLIGHT = 10;
/** A viewer with more waiting bytes gets the present state as its answer, without events. */
const FULL_BYTES = 256 * 1024;
const RETRY_AFTER_MS = 1_000;

/** An auction that is watched is asked for again after a gap, sleep or a change of networks. */
const ASKED_AGAIN_AT_ONCE = 20;
const ASKED_AGAIN_PER_SECOND = 2;
/** A refusal is charged as so many requests: a client that does not back off is soon disconnected. */
const PRICE_OF_REFUSAL = 10;

interface Watch {
  /** For asking again, once that was done. */
  again: Allowance | undefined;
  readonly lease: Promise<Lease | undefined>;
  joined: boolean;
}

/** The answer to `watch`: `WatchData` whose events are JSON already. */
export interface Watched extends Recovered {
  readonly auction: AuctionView;
}

export type Reply<T> = (answer: Ack<T>) => void;

export class Viewer {
  readonly #socket: ViewerSocket;
  readonly #parts: ViewerParts;
  readonly #watches = new Map<string, Watch>();
  #bidsInFlight = 0;

  constructor(socket: ViewerSocket, parts: ViewerParts) {
    this.#socket = socket;
    this.#parts = parts;
  }

  /** The viewer joins the auction's room in the instant of the reply, and misses nothing after. */
  async watch(payload: unknown, reply: Reply<Watched>): Promise<void> {
    const request = watchRequest.safeParse(payload);
    if (!request.success) {
      reply(malformed(request.error));
      return;
    }
    const { auctionId, after, counted } = request.data;
    const known = this.#watches.get(auctionId);
    const retryAfterMs = known === undefined ? 0 : askAgain(known);
    if (retryAfterMs > 0) {
      const detail = 'This connection watches the auction already.';
      reply(refused('RATE_LIMITED', detail, { retryAfterMs }));
      this.#socket.charge(PRICE_OF_REFUSAL);
      return;
    }
    const watch = known ?? this.#begin(auctionId);
    if (watch === undefined) {
      const detail = `One connection can watch ${MAX_WATCHED} auctions.`;
      reply(refused('INVALID_REQUEST', detail));
      return;
    }
    try {
      const feed = (await watch.lease)?.feed;
      if (feed === undefined) {
        this.#end(auctionId, watch);
        reply(refused('AUCTION_NOT_FOUND', NOT_FOUND));
        return;
      }
      const charge = (events: number): boolean => this.#socket.mayRecover(events);
      const missed =
        after === undefined || this.#isFull ? undefined : await feed.recoverFrom(after, charge);
      if (this.#watches.get(auctionId) === watch) {
        this.#join(watch, feed, { after, counted }, missed, reply);
      } else reply(unavailable('the auction was unwatched meanwhile'));
    } catch (error) {
      if (!watch.joined) this.#end(auctionId, watch);
      if (!(error instanceof SourceUnavailableError)) throw error;
      reply(unavailable(error.message));
    }
  }

  unwatch(payload: unknown, reply: Reply<null>): void {
    const request = unwatchRequest.safeParse(payload);
    if (!request.success) {
      reply(malformed(request.error));
      return;
    }
    const { auctionId } = request.data;
    const watch = this.#watches.get(auctionId);
    if (watch !== undefined) this.#end(auctionId, watch);
    reply({ ok: true, data: null });
  }

  async bid(payload: unknown, reply: Reply<BidReceipt>): Promise<void> {
    const request = bidRequest.safeParse(payload);
    const { token, address } = this.#socket;
    if (!request.success) {
      reply(malformed(request.error));
    } else if (token === undefined) {
      const detail = 'Connect with an access token in auth.token to bid.';
      reply(refused('UNAUTHENTICATED', detail));
    } else if (this.#bidsInFlight >= MAX_BIDS_IN_FLIGHT) {
      const extras = { retryAfterMs: RETRY_AFTER_MS };
      const detail = `${MAX_BIDS_IN_FLIGHT} bids of this connection wait for their answers.`;
      reply(refused('RATE_LIMITED', detail, extras));
    } else {
      this.#bidsInFlight += 1;
      try {
        reply(await this.#parts.forwardBid({ ...request.data, token, address }));
      } finally {
        this.#bidsInFlight -= 1;
      }
    }
  }

  /** The connection is gone. */
  close(): void {
    for (const [auctionId, watch] of this.#watches) this.#end(auctionId, watch);
  }

  get #isFull(): boolean {
    return this.#socket.waitingBytes > FULL_BYTES;
  }

  #begin(auctionId: string): Watch | undefined {
    if (this.#watches.size >= MAX_WATCHED) return undefined;
    const watch = { again: undefined, lease: this.#parts.acquire(auctionId), joined: false };
    this.#watches.set(auctionId, watch);
    return watch;
  }

  /**
   * Everything here happens at once: what is sent next goes on where the reply ends.
   * @param missed undefined when the viewer gets the present state alone
   */
  #join(
    watch: Watch,
    feed: AuctionFeed,
    { after, counted }: { readonly after: Position | undefined; readonly counted: boolean },
    missed: (() => Recovered) | undefined,
    reply: Reply<Watched>,
  ): void {
    const serverTime = new Date(this.#parts.now()).toISOString();
    const found =
      after === undefined
        ? undefined
        : missed === undefined || this.#isFull
          ? NOT_RECOVERED
          : missed();
    this.#parts.recovered(
      found === undefined ? 'fresh' : found.recovered ? 'recovered' : 'replaced',
    );
    watch.joined = true;
    this.#socket.join(feed.auctionId, feed.view, counted);
    const { events, recovered } = found ?? NOT_RECOVERED;
    reply({ ok: true, data: { auction: { ...feed.view, serverTime }, events, recovered } });
  }

  #end(auctionId: string, watch: Watch): void {
    if (this.#watches.get(auctionId) !== watch) return;
    this.#watches.delete(auctionId);
    if (watch.joined) this.#socket.leave(auctionId);
    watch.lease.then(
      (lease) => lease?.release(),
      () => undefined, // Whoever waits for the lease reports why there is none.
    );
  }
}

/** @returns 0, or for how many ms this auction has been asked for too often */
function askAgain(watch: Watch): number {
  const now = monotonicNow();
  watch.again ??= new Allowance(ASKED_AGAIN_AT_ONCE, ASKED_AGAIN_PER_SECOND, now);
  return watch.again.take(now);
}

const NOT_FOUND = 'No auction with this id is open or recently closed; the history may have it.';

const unavailable = (reason: string): Ack<never> =>
  refused('UNAVAILABLE', `Not possible right now: ${reason}.`, { retryAfterMs: RETRY_AFTER_MS });
