/** Watching auctions as they happen, over Socket.IO. */
import { io, type Socket } from 'socket.io-client';
import type { BidReceipt, BidRequest } from '@outcry/shared/contracts/api.ts';
import {
  isInLastMinutes,
  LONGEST_SILENCE_MS,
  type FromViewer,
  type Position,
  type ToViewer,
} from '@outcry/shared/contracts/live.ts';
import { isRetryable, type Problem, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { backOffMs } from './back-off.ts';
import { newIdempotencyKey, presentToken, type TokenSource } from './http-transport.ts';
import { clientProblem, isProblem, OutcryError } from './outcry-error.ts';
import { ServerClock } from './server-clock.ts';
import { expiryOf } from './token-expiry.ts';
import { onWakeUp } from './wake-up.ts';
import {
  AuctionWatch,
  callSafely,
  type AuctionListener,
  type UserNotice,
  type WatchedAuction,
} from './watched-auction.ts';

export interface LiveFeedOptions {
  /** Where broadcast-service is, for instance `http://localhost:8081`. */
  readonly url: string;
  /**
   * Asked at each connection, and on a standing one before the token ends: a newer one takes its place
   * without a gap. Without a token the feed is anonymous: no notices, no bids.
   */
  readonly token?: TokenSource | undefined;
  /**
   * Names the visitor of an anonymous feed, 1 to 64 letters, digits, `_` or `-`: all feeds that give
   * the same name are one viewer where viewers are counted. Users with a token are one by themselves.
   */
  readonly viewer?: string | undefined;
  /** Events kept for each auction. Default 100. */
  readonly recentEvents?: number | undefined;
  /** For each question to the server. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** The user was outbid or has won, in whatever auction, watched or not. */
  readonly onNotice?: ((notice: UserNotice) => void) | undefined;
  /**
   * What the history API keeps for the user (the watchlist, which notices are read) may have changed,
   * on this device or another one: read it again. Also called at each connection, because what was
   * changed while there was none is not told.
   */
  readonly onKept?: (() => void) | undefined;
  /** Whoever runs the system has something to say to everybody. */
  readonly onAnnouncement?: ((text: string) => void) | undefined;
  /** The server does not take the token: nothing is live until {@link LiveFeed.reconnect}. */
  readonly onRefused?: ((problem: Problem) => void) | undefined;
}

export interface WatchOptions {
  /** A position already known, for instance from a page of bids: later events are delivered. */
  readonly after?: Position | undefined;
  /**
   * Whether this counts as watching, which is the default; `false` for an auction that is one of many
   * in a list. Who is not counted is not told how many watch.
   */
  readonly counted?: boolean | undefined;
}

const DEFAULT_RECENT_EVENTS = 100;
const DEFAULT_TIMEOUT_MS = 5_000;
/** How often a position is checked against the server, which also measures its clock. */
const CHECK_EVERY_MS = 30_000;
const MAX_BACK_OFF_STEPS = 5;
/**
 * Where every second counts, a connection on which nothing was heard for so long is asked for a sign
 * of life. With thousands of others on a server that was held up, not all in one instant.
 */
const SUSPICIOUS_SILENCE_MS = LONGEST_SILENCE_MS + 500;
const SPREAD_MS = 300;
/** For the sign of life. Together with the silence these stay below 5 s. */
const SIGN_OF_LIFE_LIMIT_MS = 1_700;
const LOOK_EVERY_MS = 250;
/** The part of a token's remaining life after which a newer one is asked for. */
const RENEWED_AFTER = 0.75;
const SHORTEST_WAIT_MS = 1_000;
/** Timers take no more than 2^31 ms. */
const LONGEST_WAIT_MS = 86_400_000;
/** Another try with the same token would be refused again. */
const REFUSALS_OF_TOKENS: ReadonlySet<ProblemCode> = new Set([
  'UNAUTHENTICATED',
  'SIGNED_OUT',
  'FORBIDDEN',
]);
/** The server answers a bid within 3 s, whatever happens behind it. */
const BID_LIMIT_MS = 4_500;

/**
 * Keeps watched auctions up to date through reconnections, lost messages and failovers. One feed
 * holds one connection, however many auctions it watches (the server allows 100).
 */
export class LiveFeed {
  /** The server's time, for countdowns. */
  readonly serverClock = new ServerClock();
  readonly #socket: Socket<ToViewer, FromViewer>;
  readonly #options: LiveFeedOptions;
  readonly #watches = new Map<string, AuctionWatch>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  /** Rises with each connection; answers to an earlier one are ignored. */
  #connectionNumber = 0;
  #refusals = 0;
  #closed = false;
  /** When (steady clock) anything came over the connection. */
  #heardAt = 0;
  #asking = false;
  readonly #attending = new Set<object>();
  readonly #suspiciousMs = SUSPICIOUS_SILENCE_MS + Math.random() * SPREAD_MS;
  readonly #looking: ReturnType<typeof setInterval>;
  /** The token that the server has of us. */
  #token: string | undefined;
  /** Counts the times that a token was asked for to connect with. */
  #attempt = 0;
  #endRenewal: () => void = () => undefined;
  readonly #endWakeUp: () => void;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#socket = io(options.url, {
      transports: ['websocket'],
      auth: (give) => void this.#giveCredentials(give),
      reconnectionDelay: 1_000,
      reconnectionDelayMax: 5_000,
      randomizationFactor: 0.5,
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      // Two feeds on one page must not share a connection: their tokens may differ.
      forceNew: true,
    });
    this.#hear();
    this.#later(CHECK_EVERY_MS, () => this.#check());
    this.#looking = setInterval(() => this.#lookAfterConnection(), LOOK_EVERY_MS);
    this.#endWakeUp = onWakeUp(() => this.refresh());
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Starts watching, or adds a listener to an auction that is watched already. */
  watch(auctionId: string, listener: AuctionListener, options: WatchOptions = {}): WatchedAuction {
    const { counted = true } = options;
    const known = this.#watches.get(auctionId);
    if (known !== undefined) {
      this.#recount(known, () => known.listen(listener, counted));
      return known;
    }
    const limit = this.#options.recentEvents ?? DEFAULT_RECENT_EVENTS;
    const watch = new AuctionWatch(auctionId, limit, options.after);
    watch.listen(listener, counted);
    this.#watches.set(auctionId, watch);
    if (this.#socket.connected) this.#catchUp(watch);
    return watch;
  }

  /** Removes a listener, or all; an auction without listeners is no longer watched. */
  unwatch(auctionId: string, listener?: AuctionListener): void {
    const watch = this.#watches.get(auctionId);
    if (watch === undefined) return;
    this.#recount(watch, () => watch.dismiss(listener));
    if (watch.isHeard) return;
    this.#watches.delete(auctionId);
    if (this.#socket.connected) this.#socket.emit('unwatch', { auctionId });
  }

  /**
   * From now on a dead connection is noticed within 5 s, as it is in the last minutes of an auction:
   * the user waits for something.
   * @returns ends it
   */
  attend(): () => void {
    const waiting = {};
    this.#attending.add(waiting);
    return () => void this.#attending.delete(waiting);
  }

  /**
   * Bids over the connection of the feed. Never sent twice by itself; a connection that dies
   * meanwhile is noticed within 5 s.
   * @throws OutcryError with the key; after `OUTCOME_UNKNOWN` send the bid again with that key,
   *   here or over HTTP
   */
  async bid(
    auctionId: string,
    offer: BidRequest,
    idempotencyKey: string = newIdempotencyKey(),
  ): Promise<BidReceipt> {
    if (!this.#socket.connected) {
      const problem = clientProblem('UNAVAILABLE', 'the live connection is down');
      throw new OutcryError(problem, idempotencyKey);
    }
    const request = { auctionId, ...offer, idempotencyKey };
    const limitMs = Math.min(this.#timeoutMs, BID_LIMIT_MS);
    const attended = this.attend();
    const askedAt = performance.now();
    return new Promise((resolve, reject) => {
      this.#socket.timeout(limitMs).emit('bid', request, (error: Error | null, answer) => {
        attended();
        if (error !== null) {
          this.#giveUpUnlessHeardSince(askedAt);
          const problem = clientProblem('OUTCOME_UNKNOWN', 'the bid got no answer');
          reject(new OutcryError(problem, idempotencyKey, error));
        } else if (answer.ok) {
          resolve(answer.data);
        } else {
          reject(new OutcryError(answer.problem, idempotencyKey));
        }
      });
    });
  }

  /**
   * Puts the present token in the place of the one that the connection was opened with, without a gap;
   * connects anew where that cannot be, as for another user or without a connection. Done by itself before a token ends.
   */
  async renewToken(): Promise<void> {
    // A connection that was refused for its token, or is being opened with the old one.
    if (!this.#socket.connected) {
      this.reconnect();
      return;
    }
    const connection = this.#connectionNumber;
    let token: string | undefined;
    try {
      token = await presentToken(this.#options.token);
    } catch {
      // The old one is good until it ends; nearer to that it is tried again.
      token = this.#token;
    }
    if (connection !== this.#connectionNumber) return;
    if (token === this.#token) {
      this.#planRenewal();
    } else if (token === undefined) {
      this.reconnect();
    } else {
      const answered = this.#socket.timeout(this.#timeoutMs);
      answered.emit('authenticate', { token }, (error: Error | null, answer) => {
        if (connection !== this.#connectionNumber) return;
        if (error !== null || !answer.ok) {
          this.reconnect();
          return;
        }
        this.#token = token;
        this.#planRenewal();
      });
    }
  }

  /** Connects anew, with the present token: after a login, a logout or a refusal. */
  reconnect(): void {
    if (this.#closed) return;
    this.#refusals = 0;
    this.#socket.disconnect();
    this.#socket.connect();
  }

  /**
   * Asks the server at once whether what is shown is current, and connects anew when it does not
   * answer or the connection is down. Done by itself after sleep and when a browser's network is
   * back.
   */
  refresh(): void {
    if (this.#closed) return;
    if (!this.#socket.connected) {
      // It may be pausing before another try, and the network is back right now.
      this.reconnect();
      return;
    }
    this.#askForLife(this.#timeoutMs);
  }

  /** Ends the feed for good. */
  close(): void {
    this.#closed = true;
    this.#endWakeUp();
    clearInterval(this.#looking);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#watches.clear();
    this.#socket.disconnect();
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** Without a token, where there should be one, another try comes later. */
  async #giveCredentials(give: (credentials: object) => void): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    try {
      const token = await presentToken(this.#options.token);
      if (attempt !== this.#attempt) return;
      const { viewer } = this.#options;
      this.#token = token;
      give({
        ...(token === undefined ? {} : { token }),
        ...(viewer === undefined ? {} : { viewer }),
      });
    } catch {
      if (attempt !== this.#attempt || this.#closed) return;
      this.#socket.disconnect();
      this.#connectLater();
    }
  }

  /** Asks for another token when most of this one's life is over, and again nearer to its end. */
  #planRenewal(): void {
    this.#endRenewal();
    if (typeof this.#options.token !== 'function' || this.#token === undefined) return;
    const leftMs = (expiryOf(this.#token) ?? 0) - this.serverClock.now();
    if (leftMs <= 0) return;
    const waitMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, leftMs * RENEWED_AFTER));
    this.#endRenewal = this.#later(waitMs, () => void this.renewToken());
  }

  /** Tells the server when listeners came or went and the watch counts from now on, or no more. */
  #recount(watch: AuctionWatch, change: () => void): void {
    const before = watch.isCounted;
    change();
    if (!watch.isHeard || watch.isCounted === before || !this.#socket.connected) return;
    this.#ask(watch, () => undefined);
  }

  #hear(): void {
    const socket = this.#socket;
    socket.io.on('open', () => {
      this.#heardAt = performance.now();
      socket.io.engine.on('packet', () => {
        this.#heardAt = performance.now();
      });
    });
    socket.on('connect', () => {
      this.#connectionNumber += 1;
      this.#refusals = 0;
      this.serverClock.forget();
      callSafely(() => this.#options.onKept?.());
      for (const watch of this.#watches.values()) this.#catchUp(watch);
      this.#planRenewal();
    });
    socket.on('disconnect', (reason) => {
      this.#connectionNumber += 1;
      this.#endRenewal();
      for (const watch of this.#watches.values()) watch.lose();
      // After the server said good-bye, the library leaves coming back to us.
      if (reason === 'io server disconnect') this.#connectLater();
    });
    socket.on('connect_error', (error) => this.#refused(error));
    socket.on('events', (message) => this.#watches.get(message.auctionId)?.receive(message));
    socket.on('announcement', ({ text }) => {
      callSafely(() => this.#options.onAnnouncement?.(text));
    });
    socket.on('presence', ({ auctionId, viewers }) => this.#watches.get(auctionId)?.count(viewers));
    socket.on('outbid', (message) => this.#notify({ type: 'outbid', ...message }));
    socket.on('own', ({ auctionId }) => this.#watches.get(auctionId)?.ownChanged());
    socket.on('kept', () => callSafely(() => this.#options.onKept?.()));
    socket.on('won', (message) => this.#notify({ type: 'won', ...message }));
  }

  #notify(notice: UserNotice): void {
    callSafely(() => this.#options.onNotice?.(notice));
    this.#watches.get(notice.auctionId)?.notify(notice);
  }

  /** The library tries again by itself when the network failed, but not after a refusal. */
  #refused(error: Error): void {
    if (this.#socket.active) return;
    const stated: unknown = 'data' in error ? error.data : undefined;
    const problem = isProblem(stated)
      ? stated
      : clientProblem('UNAVAILABLE', `the live connection was refused: ${error.message}`);
    if (!REFUSALS_OF_TOKENS.has(problem.code)) {
      this.#connectLater();
      return;
    }
    for (const watch of this.#watches.values()) watch.fail(problem);
    callSafely(() => this.#options.onRefused?.(problem));
  }

  #connectLater(): void {
    this.#later(backOffMs(this.#refusals, 0, Math.random()), () => this.#socket.connect());
    this.#refusals = Math.min(this.#refusals + 1, MAX_BACK_OFF_STEPS);
  }

  /** Where every second counts, silence is looked into. Elsewhere the library's pings do. */
  #lookAfterConnection(): void {
    if (!this.#socket.connected || this.#asking) return;
    if (performance.now() - this.#heardAt < this.#suspiciousMs || !this.#everySecondCounts) return;
    this.#askForLife(SIGN_OF_LIFE_LIMIT_MS);
  }

  get #everySecondCounts(): boolean {
    if (this.#attending.size > 0) return true;
    const now = this.serverClock.now();
    for (const { auction } of this.#watches.values()) {
      if (auction !== undefined && isInLastMinutes(auction, now)) return true;
    }
    return false;
  }

  /** Asks whether what is shown is current, and connects anew when nothing at all is heard. */
  #askForLife(limitMs: number): void {
    const watch = this.#watches.values().next().value;
    if (watch === undefined) return;
    this.#asking = true;
    const askedAt = performance.now();
    this.#ask(
      watch,
      (outcome) => {
        this.#asking = false;
        if (outcome === 'no answer') this.#giveUpUnlessHeardSince(askedAt);
      },
      limitMs,
    );
  }

  /** @param since when something was sent that needed an answer; a slow one is no dead connection */
  #giveUpUnlessHeardSince(since: number): void {
    if (!this.#socket.connected || this.#heardAt >= since) return;
    this.#socket.disconnect();
    this.#connectLater();
  }

  #catchUp(watch: AuctionWatch, attempt = 0): void {
    watch.catchUp();
    const connection = this.#connectionNumber;
    const isCurrent = (): boolean =>
      connection === this.#connectionNumber && this.#watches.get(watch.auctionId) === watch;
    this.#ask(watch, (outcome) => {
      if (!isCurrent() || outcome === 'ok') return;
      if (outcome !== 'no answer') {
        watch.fail(outcome);
        if (!isRetryable(outcome.code)) return;
      }
      const askedMs = outcome === 'no answer' ? 0 : (outcome.retryAfterMs ?? 0);
      const step = Math.min(attempt, MAX_BACK_OFF_STEPS);
      this.#later(backOffMs(step, askedMs, Math.random()), () => {
        if (isCurrent()) this.#catchUp(watch, attempt + 1);
      });
    });
  }

  /** Asks for what came after the watch's position; a refusal is left to `done`. */
  #ask(
    watch: AuctionWatch,
    done: (outcome: Problem | 'ok' | 'no answer') => void,
    limitMs = this.#timeoutMs,
  ): void {
    const { auctionId, position } = watch;
    const connection = this.#connectionNumber;
    const measured = this.serverClock.measure();
    const request = {
      auctionId,
      ...(position === undefined ? {} : { after: position }),
      ...(watch.isCounted ? {} : { counted: false }),
    };
    this.#socket.timeout(limitMs).emit('watch', request, (error: Error | null, answer) => {
      if (error !== null) {
        done('no answer');
      } else if (!answer.ok) {
        done(answer.problem);
      } else if (connection === this.#connectionNumber) {
        measured(Date.parse(answer.data.auction.serverTime));
        if (this.#watches.get(auctionId) === watch) watch.caughtUp(answer.data);
        done('ok');
      }
    });
  }

  /** Watches one auction again, the one checked longest ago: nothing is missed in silence. */
  #check(): void {
    this.#later(CHECK_EVERY_MS, () => this.#check());
    const watch = this.#watches.values().next().value;
    if (watch === undefined || watch.connection !== 'live' || !this.#socket.connected) return;
    this.#watches.delete(watch.auctionId);
    this.#watches.set(watch.auctionId, watch);
    // A check without an answer changes nothing: the next one comes, or the connection breaks.
    this.#ask(watch, () => undefined);
  }

  /** @returns gives it up */
  #later(delayMs: number, act: () => void): () => void {
    if (this.#closed) return () => undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }
}
