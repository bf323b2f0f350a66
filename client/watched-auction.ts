/** One watched auction: what is known of it, who wants to hear of it, and how fresh it is. */
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import type {
  EventsMessage,
  OutbidMessage,
  Position,
  WatchData,
  WonMessage,
} from '@outcry/shared/contracts/live.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import {
  applyMessage,
  applyWatch,
  type LiveStep,
  type LiveView,
  type Merged,
} from './merge-live.ts';

/**
 * `connecting`: no answer yet · `live`: up to date · `reconnecting`: `auction` may be old, and
 * catches up by itself · `failed`: the server refused, see `problem`.
 */
export type WatchConnection = 'connecting' | 'live' | 'reconnecting' | 'failed';

/** An auction that changes under the reader's eyes; every change calls the listeners. */
export interface WatchedAuction {
  readonly auctionId: string;
  /** The newest state; undefined until the first answer. */
  readonly auction: AuctionView | undefined;
  /** The newest public events, oldest first; bounded, and with holes where some were skipped. */
  readonly recentEvents: readonly PublicEvent[];
  readonly connection: WatchConnection;
  /** Why `connection` is `failed`. */
  readonly problem: Problem | undefined;
  /** How many watch it now, as far as the server says. */
  readonly viewers: number | undefined;
}

/** Called synchronously and in order. */
export interface AuctionListener {
  /** Each event once, in order; what was not sent is reported as skipped. */
  onStep?(step: LiveStep, watched: WatchedAuction): void;
  /** Anything changed: once per message, after its steps. */
  onChange?(watched: WatchedAuction): void;
  /** The user of the token was outbid in, or has won, this auction. */
  onNotice?(notice: UserNotice, watched: WatchedAuction): void;
  /**
   * What `OutcryClient.own` says of this auction may have changed: by a bid of the token's user, on
   * whatever device, or unheard while the connection was away.
   */
  onOwnChange?(watched: WatchedAuction): void;
}

/** A notice to the user whose token the feed has. */
export type UserNotice =
  | ({ readonly type: 'outbid' } & OutbidMessage)
  | ({ readonly type: 'won' } & WonMessage);

/** Messages kept while an answer to `watch` is due; the newest one alone would do. */
const MAX_HELD_BACK = 200;

/** The changing side of {@link WatchedAuction}, for the feed alone. */
export class AuctionWatch implements WatchedAuction {
  readonly auctionId: string;
  readonly #recentLimit: number;
  /** Who hears of it, and whether they count as watching. */
  readonly #listeners = new Map<AuctionListener, boolean>();
  #view: LiveView | undefined;
  #heldBack: EventsMessage[] | undefined;
  #connection: WatchConnection = 'connecting';
  #problem: Problem | undefined;
  #viewers: number | undefined;
  #after: Position | undefined;

  constructor(auctionId: string, recentLimit: number, after: Position | undefined) {
    this.auctionId = auctionId;
    this.#recentLimit = recentLimit;
    this.#after = after;
  }

  get auction(): AuctionView | undefined {
    return this.#view?.auction;
  }

  get recentEvents(): readonly PublicEvent[] {
    return this.#view?.recent ?? [];
  }

  get connection(): WatchConnection {
    return this.#connection;
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  get viewers(): number | undefined {
    return this.#viewers;
  }

  /** From where the server should continue. */
  get position(): Position | undefined {
    const auction = this.auction;
    return auction === undefined ? this.#after : { epoch: auction.epoch, seq: auction.seq };
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Whether anybody here counts as watching. */
  get isCounted(): boolean {
    return Array.from(this.#listeners.values()).includes(true);
  }

  listen(listener: AuctionListener, counted: boolean): void {
    this.#listeners.set(listener, counted);
  }

  /** Without a listener, all of them. */
  dismiss(listener: AuctionListener | undefined): void {
    if (listener === undefined) this.#listeners.clear();
    else this.#listeners.delete(listener);
  }

  /** Live messages wait from now on for the answer to `watch`, which comes first. */
  catchUp(): void {
    this.#heldBack = [];
    this.#become(this.#view === undefined ? 'connecting' : 'reconnecting', undefined);
  }

  /** The connection is gone: what is shown may be old until {@link caughtUp}. */
  lose(): void {
    this.#heldBack = undefined;
    this.#viewers = undefined;
    this.#become(this.#view === undefined ? 'connecting' : 'reconnecting', undefined);
  }

  fail(problem: Problem): void {
    this.#heldBack = undefined;
    this.#become('failed', problem);
  }

  /** The answer to `watch`, and then whatever came in meanwhile. */
  caughtUp(data: WatchData): void {
    const heldBack = this.#heldBack ?? [];
    const wasAway = this.#connection !== 'live';
    this.#heldBack = undefined;
    this.#connection = 'live';
    this.#problem = undefined;
    this.#take(applyWatch(this.#view, data, this.#recentLimit), true);
    if (wasAway) this.ownChanged();
    for (const message of heldBack) this.receive(message);
  }

  receive(message: EventsMessage): void {
    if (this.#heldBack !== undefined) {
      this.#heldBack = [...this.#heldBack, message].slice(-MAX_HELD_BACK);
    } else if (this.#view !== undefined) {
      this.#take(applyMessage(this.#view, message, this.#recentLimit), false);
    }
  }

  count(viewers: number): void {
    if (viewers === this.#viewers) return;
    this.#viewers = viewers;
    this.#tell((listener) => listener.onChange?.(this));
  }

  notify(notice: UserNotice): void {
    this.#tell((listener) => listener.onNotice?.(notice, this));
  }

  ownChanged(): void {
    this.#tell((listener) => listener.onOwnChange?.(this));
  }

  #become(connection: WatchConnection, problem: Problem | undefined): void {
    if (connection === this.#connection && problem === this.#problem) return;
    this.#connection = connection;
    this.#problem = problem;
    this.#tell((listener) => listener.onChange?.(this));
  }

  #take({ view, steps }: Merged, changed: boolean): void {
    this.#view = view;
    for (const step of steps) this.#tell((listener) => listener.onStep?.(step, this));
    if (changed || steps.length > 0) this.#tell((listener) => listener.onChange?.(this));
    // Bids that never counted may have been the user's own.
    if (steps.some(({ kind }) => kind === 'superseded')) this.ownChanged();
  }

  #tell(call: (listener: AuctionListener) => void): void {
    for (const listener of Array.from(this.#listeners.keys())) callSafely(() => call(listener));
  }
}

/** A listener that throws must not keep the others from hearing; its error is reported apart. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
