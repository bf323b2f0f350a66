/** One viewer's connection: limits and answers what it sends, and knows what it watches. */
import { randomUUID } from 'node:crypto';
import type { AuctionView, BidReceipt } from '@outcry/shared/contracts/api.ts';
import type { Ack, Position, ToViewer } from '@outcry/shared/contracts/live.ts';
import type { Caller, VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import { SourceUnavailableError } from '../feed/auction-source.ts';
import type { AuctionFeed } from '../feed/auction-feed.ts';
import type { Lease, WatchedAuctions } from '../feed/watched-auctions.ts';
import { howRecovered, NOT_RECOVERED, type HowRecovered, type Recovered } from '../feed/recover.ts';
import { Allowance } from './allowance.ts';
import { authenticateAgain, ConnectionRefusedError, type Identity } from './authenticate-viewer.ts';
import type { Connections } from './connections.ts';
import type { FanOut } from './fan-out.ts';
import type { Recipient } from './recipient.ts';
import {
  bidRequest,
  malformed,
  NO_SUCH_AUCTION,
  refused,
  unwatchRequest,
  watchRequest,
  type ForwardBid,
} from './requests.ts';

/** What viewers watch, and who is counted. */
export interface Audience {
  readonly watched: WatchedAuctions;
  readonly fanOut: FanOut;
  /** The deciding clock, ms since 1970. */
  now(): number;
  recovered(how: HowRecovered): void;
  readonly connections: Connections;
}

export interface ViewerParts extends Audience {
  readonly forwardBid: ForwardBid;
  readonly verifyToken: VerifyToken;
  readonly log: Logger;
}

/** The connection, as far as a viewer needs it. */
export interface ViewerSocket extends Recipient {
  /** False once it was cut off. */
  readonly isOpen: boolean;
  /** 0, or for how many ms it had asked too much when it sent what is handled now. */
  readonly msOverdrawn: number;
  /** Sends what concerns this viewer alone. */
  tell<E extends keyof ToViewer>(event: E, ...message: Parameters<ToViewer[E]>): void;
}

export interface ViewerOf {
  readonly identity: Identity;
  readonly address: string;
  /** Whom the connection counts as. */
  readonly person: string;
}

/** Whoever has more answers and notices waiting is disconnected; twice the largest answer. */
const MAX_WAITING_BYTES = 2_000_000;
/** A viewer with more waiting bytes gets the present state as its answer, without events. */
const FULL_BYTES = 256 * 1024;
const MAX_WATCHED_PER_CONNECTION = 100;
const MAX_BIDS_IN_FLIGHT = 10;
const RETRY_AFTER_MS = 1_000;
/**
 * All clients of an address wait for its next permits: one that retries as soon as there is one would
 * mostly be refused again, and use up its own.
 */
const WAIT_FOR_ADDRESS_MS = 1_000;

/** An auction that is watched is asked for again after a gap, sleep or a change of networks. */
const ASKED_AGAIN_AT_ONCE = 20;
const ASKED_AGAIN_PER_SECOND = 2;

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

export type Answer = Ack<Watched | BidReceipt | null>;

type Act = (viewer: Viewer, payload: unknown) => Promise<Answer> | Answer;

const ACTS = new Map<unknown, Act>([
  ['watch', (viewer, payload) => viewer.watch(payload)],
  ['unwatch', (viewer, payload) => viewer.unwatch(payload)],
  ['bid', (viewer, payload) => viewer.bid(payload)],
  ['authenticate', (viewer, payload) => viewer.authenticate(payload)],
]);

export class Viewer {
  readonly #of: ViewerOf;
  readonly #socket: ViewerSocket;
  readonly #parts: ViewerParts;
  readonly #watches = new Map<string, Watch>();
  #identity: Identity;
  #bidsInFlight = 0;

  constructor(of: ViewerOf, socket: ViewerSocket, parts: ViewerParts) {
    this.#of = of;
    this.#socket = socket;
    this.#parts = parts;
    this.#identity = of.identity;
  }

  /** Whom its newest token names; undefined for anonymous viewers. */
  get caller(): Caller | undefined {
    return this.#identity.caller;
  }

  /** Tells what concerns its user alone, as long as the token is valid. */
  tell<E extends keyof ToViewer>(event: E, ...message: Parameters<ToViewer[E]>): void {
    if (this.caller === undefined || this.caller.expiresAt <= wallClockNow()) return;
    if (!this.#endIfFull()) this.#socket.tell(event, ...message);
  }

  /** Answers and notices have a bound too. @returns whether the connection was ended */
  #endIfFull(): boolean {
    const { waitingBytes } = this.#socket;
    if (waitingBytes <= MAX_WAITING_BYTES) return false;
    this.#parts.log.info({ address: this.#of.address, waitingBytes }, 'a viewer does not read');
    this.#socket.drop();
    return true;
  }

  /** Whatever a client sends, the worst that happens is a problem as its answer. */
  async handle(event: unknown, payload: unknown, reply: (answer: Answer) => void): Promise<void> {
    const act = ACTS.get(event);
    // A client that was cut off may have requests queued.
    if (act === undefined || !this.#socket.isOpen || this.#endIfFull()) return;
    try {
      reply(this.#askedTooMuch() ?? (await act(this, payload)));
    } catch (error) {
      const requestId = randomUUID();
      this.#parts.log.error({ err: error, requestId }, 'a message could not be answered');
      const detail = 'The failure was logged under this request id.';
      reply(refused('INTERNAL', detail, {}, requestId));
    }
  }

  /** The viewer joins the auction's room in the instant of the answer, and misses nothing after. */
  async watch(payload: unknown): Promise<Answer> {
    const request = watchRequest.safeParse(payload);
    if (!request.success) return malformed(request.error);
    const { auctionId, after, counted } = request.data;
    const known = this.#watches.get(auctionId);
    const retryAfterMs = known === undefined ? 0 : askAgain(known);
    if (retryAfterMs > 0) {
      const detail = 'This connection watches the auction already.';
      return refused('RATE_LIMITED', detail, { retryAfterMs });
    }
    const watch = known ?? this.#begin(auctionId);
    if (watch === undefined) {
      return refused(
        'INVALID_REQUEST',
        `One connection can watch ${MAX_WATCHED_PER_CONNECTION} auctions.`,
      );
    }
    try {
      const feed = (await watch.lease)?.feed;
      if (feed === undefined) {
        this.#end(auctionId, watch);
        return refused('AUCTION_NOT_FOUND', NO_SUCH_AUCTION);
      }
      if (after !== undefined) await feed.readSince(after);
      if (this.#watches.get(auctionId) === watch) return this.#join(watch, feed, counted, after);
      return unavailable('the auction was unwatched meanwhile');
    } catch (error) {
      if (!watch.joined) this.#end(auctionId, watch);
      if (!(error instanceof SourceUnavailableError)) throw error;
      return unavailable(error.message);
    }
  }

  unwatch(payload: unknown): Answer {
    const request = unwatchRequest.safeParse(payload);
    if (!request.success) return malformed(request.error);
    const { auctionId } = request.data;
    const watch = this.#watches.get(auctionId);
    if (watch !== undefined) this.#end(auctionId, watch);
    return { ok: true, data: null };
  }

  async bid(payload: unknown): Promise<Answer> {
    const request = bidRequest.safeParse(payload);
    if (!request.success) return malformed(request.error);
    const { token } = this.#identity;
    if (token === undefined) {
      return refused('UNAUTHENTICATED', 'Connect with an access token in auth.token to bid.');
    }
    if (this.#bidsInFlight >= MAX_BIDS_IN_FLIGHT) {
      const detail = `${MAX_BIDS_IN_FLIGHT} bids of this connection wait for their answers.`;
      return refused('RATE_LIMITED', detail, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#bidsInFlight += 1;
    try {
      const { address } = this.#of;
      return await this.#parts.forwardBid({ ...request.data, token, address });
    } finally {
      this.#bidsInFlight -= 1;
    }
  }

  /** With a refused token the connection stays what it was: the one before may be good for a while. */
  async authenticate(payload: unknown): Promise<Answer> {
    try {
      this.#identity = await authenticateAgain(this.#identity, payload, this.#parts.verifyToken);
      return { ok: true, data: null };
    } catch (error) {
      if (!(error instanceof ConnectionRefusedError)) throw error;
      return { ok: false, problem: error.data };
    }
  }

  /** The connection is gone. */
  close(): void {
    for (const [auctionId, watch] of this.#watches) this.#end(auctionId, watch);
  }

  /** Requests of its own were counted when they came. */
  #askedTooMuch(): Answer | undefined {
    const { msOverdrawn } = this.#socket;
    if (msOverdrawn > 0) {
      const extras = { retryAfterMs: msOverdrawn };
      return refused('RATE_LIMITED', 'This connection asks too much.', extras);
    }
    const addressMs = this.#parts.connections.request(this.#of.address, monotonicNow());
    if (addressMs === 0) return undefined;
    const retryAfterMs = Math.max(addressMs, WAIT_FOR_ADDRESS_MS);
    return refused('RATE_LIMITED', 'All of its address together ask too much.', { retryAfterMs });
  }

  #begin(auctionId: string): Watch | undefined {
    if (this.#watches.size >= MAX_WATCHED_PER_CONNECTION) return undefined;
    const watch = { again: undefined, lease: this.#parts.watched.acquire(auctionId), joined: false };
    this.#watches.set(auctionId, watch);
    return watch;
  }

  /** Everything here happens at once: what is sent next goes on where the answer ends. */
  #join(watch: Watch, feed: AuctionFeed, counted: boolean, after: Position | undefined): Answer {
    const { auctionId, view } = feed;
    const found = after && this.#missed(feed, after);
    this.#parts.recovered(howRecovered(found));
    watch.joined = true;
    this.#parts.fanOut.join(auctionId, this.#socket, view, counted ? this.#of.person : undefined);
    const auction = { ...view, serverTime: new Date(this.#parts.now()).toISOString() };
    return { ok: true, data: { auction, ...(found ?? NOT_RECOVERED) } };
  }

  #missed(feed: AuctionFeed, after: Position): Recovered {
    if (this.#socket.waitingBytes > FULL_BYTES) return NOT_RECOVERED;
    return feed.missedSince(after, (events) =>
      this.#parts.connections.mayRecover(this.#of.address, events, monotonicNow()),
    );
  }

  #end(auctionId: string, watch: Watch): void {
    if (this.#watches.get(auctionId) !== watch) return;
    this.#watches.delete(auctionId);
    this.#parts.fanOut.leave(auctionId, this.#socket);
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

const unavailable = (reason: string): Ack<never> =>
  refused('UNAVAILABLE', `Not possible right now: ${reason}.`, { retryAfterMs: RETRY_AFTER_MS });
