/** What one connection watches, over Socket.IO or as an event stream. */
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Ack, Position } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionFeed } from '../feed/auction-feed.ts';
import { SourceUnavailableError } from '../feed/auction-source.ts';
import { NOT_RECOVERED, type Recovered } from '../feed/missed-events.ts';
import type { Lease, WatchedAuctions } from '../feed/watched-auctions.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Connections } from './connections.ts';
import type { FanOut } from './fan-out.ts';
import type { Recipient } from './auction-room.ts';
import { malformed, refused, RETRY_AFTER_MS, unwatchRequest, watchRequest } from './requests.ts';

export interface WatchesParts {
  readonly watched: WatchedAuctions;
  readonly fanOut: FanOut;
  readonly connections: Connections;
  /** The deciding clock, ms since 1970. */
  now(): number;
  /** A viewer was answered: `fresh` if it named no position. */
  answered(how: 'fresh' | 'recovered' | 'replaced'): void;
}

/** Whose connection it is. */
export interface Watcher {
  readonly address: string;
  /** Whom it counts as. */
  readonly person: string;
}

/** The answer to `watch`: `WatchData` whose events are JSON already. */
export interface Watched extends Recovered {
  readonly auction: AuctionView;
}

/** A viewer with more waiting bytes gets the present state as its answer, without events. */
const FULL_BYTES = 256 * 1024;
const MAX_WATCHED = 100;
/** An auction that is watched is asked for again after a gap, sleep or a change of networks. */
const ASKED_AGAIN_AT_ONCE = 20;
const ASKED_AGAIN_PER_SECOND = 2;

interface Watch {
  /** For asking again, once that was done. */
  again?: TokenBucket;
  readonly lease: Promise<Lease | undefined>;
  joined: boolean;
}

export class Watches {
  readonly #of: Watcher;
  readonly #recipient: Recipient;
  readonly #parts: WatchesParts;
  readonly #watches = new Map<string, Watch>();

  constructor(of: Watcher, recipient: Recipient, parts: WatchesParts) {
    this.#of = of;
    this.#recipient = recipient;
    this.#parts = parts;
  }

  /** The viewer joins the auction's room in the instant of the answer, and misses nothing after. */
  async watch(payload: unknown): Promise<Ack<Watched>> {
    const request = watchRequest.safeParse(payload);
    if (!request.success) return malformed(request.error);
    const { auctionId, after, counted } = request.data;
    const known = this.#watches.get(auctionId);
    const retryAfterMs = known === undefined ? 0 : askAgain(known);
    if (retryAfterMs > 0) {
      const detail = 'This connection watches the auction already.';
      return refused('RATE_LIMITED', detail, { retryAfterMs });
    }
    if (known === undefined && this.#watches.size >= MAX_WATCHED) {
      return refused('INVALID_REQUEST', `One connection can watch ${MAX_WATCHED} auctions.`);
    }
    const watch = known ?? { lease: this.#parts.watched.acquire(auctionId), joined: false };
    this.#watches.set(auctionId, watch);
    try {
      const feed = (await watch.lease)?.feed;
      if (feed === undefined) {
        this.#end(auctionId, watch);
        return refused(
          'AUCTION_NOT_FOUND',
          'No auction with this id is open or recently closed; the history may have it.',
        );
      }
      const missed = after && (await this.#recover(feed, after));
      if (this.#watches.get(auctionId) === watch) return this.#join(watch, feed, counted, missed);
      return unavailable('the auction was unwatched meanwhile');
    } catch (error) {
      if (!watch.joined) this.#end(auctionId, watch);
      if (!(error instanceof SourceUnavailableError)) throw error;
      return unavailable(error.message);
    }
  }

  unwatch(payload: unknown): Ack<null> {
    const request = unwatchRequest.safeParse(payload);
    if (!request.success) return malformed(request.error);
    const { auctionId } = request.data;
    const watch = this.#watches.get(auctionId);
    if (watch !== undefined) this.#end(auctionId, watch);
    return { ok: true, data: null };
  }

  /** The connection is gone. */
  close(): void {
    for (const [auctionId, watch] of this.#watches) this.#end(auctionId, watch);
  }

  get #isFull(): boolean {
    return this.#recipient.waitingBytes > FULL_BYTES;
  }

  /** @returns what it missed, to be called when it joins */
  async #recover(feed: AuctionFeed, after: Position): Promise<() => Recovered> {
    if (this.#isFull) return () => NOT_RECOVERED;
    return feed.recoverFrom(after, (events) =>
      this.#parts.connections.mayRecover(this.#of.address, events, monotonicNow()),
    );
  }

  /** Everything here happens at once: what is sent next goes on where the answer ends. */
  #join(
    watch: Watch,
    feed: AuctionFeed,
    counted: boolean,
    missed: (() => Recovered) | undefined,
  ): Ack<Watched> {
    const { auctionId, view } = feed;
    const found = missed === undefined || this.#isFull ? NOT_RECOVERED : missed();
    const how = found.recovered ? 'recovered' : 'replaced';
    this.#parts.answered(missed === undefined ? 'fresh' : how);
    watch.joined = true;
    const viewer = counted ? this.#of.person : undefined;
    this.#parts.fanOut.join(auctionId, this.#recipient, view, viewer);
    const auction = { ...view, serverTime: new Date(this.#parts.now()).toISOString() };
    return { ok: true, data: { auction, ...found } };
  }

  #end(auctionId: string, watch: Watch): void {
    if (this.#watches.get(auctionId) !== watch) return;
    this.#watches.delete(auctionId);
    this.#parts.fanOut.leave(auctionId, this.#recipient);
    watch.lease.then(
      (lease) => lease?.release(),
      () => undefined, // Whoever waits for the lease reports why there is none.
    );
  }
}

/** @returns 0, or for how many ms this auction has been asked for too often */
function askAgain(watch: Watch): number {
  const now = monotonicNow();
  watch.again ??= new TokenBucket(ASKED_AGAIN_AT_ONCE, ASKED_AGAIN_PER_SECOND, now);
  return watch.again.take(now);
}

const unavailable = (reason: string): Ack<never> =>
  refused('UNAVAILABLE', `Not possible right now: ${reason}.`, { retryAfterMs: RETRY_AFTER_MS });
