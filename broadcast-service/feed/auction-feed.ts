/** One watched auction: turns hints that may be lost into an unbroken, ordered feed. */
import { auctionView, type AuctionView } from '@outcry/shared/contracts/api.ts';
import type { PublicState } from '@outcry/shared/contracts/events.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import {
  isUnbroken,
  isWithinReach,
  MAX_RECOVERED_EVENTS,
  NOT_RECOVERED,
  recover,
  type Recovered,
} from './recover.ts';
import { SourceUnavailableError, type AuctionSource } from './auction-source.ts';
import { eventsAfter, stateAfter, type LiveEvent, type LiveMessage } from './live-message.ts';
import { SharedLogReads } from './shared-log-reads.ts';

/** How a gap in the feed was filled: with all events, or only with the newest state. */
export type Repair = 'filled' | 'conflated' | 'failed';

/** Where the feed goes. */
export interface FeedOutput {
  /** Called in order; `events` lacks some only where they could not be had. */
  send(message: LiveMessage): void;
  repaired(auctionId: string, repair: Repair): void;
  failed(auctionId: string, error: unknown): void;
}

/** Messages kept while something is read; the oldest go first, and are then read from the log. */
const MAX_HELD_BACK = 256;
/** Enough to bridge the time of one read, and most reconnections after a short break. */
const MAX_RECENT = 256;
/** Positions from which viewers came back lately whose answers are kept. */
const MAX_KEPT_ANSWERS = 64;
/** An event may arrive between reading the log and reading the state; then both are read again. */
const MAX_READS = 3;

export class AuctionFeed {
  readonly auctionId: string;
  readonly #source: AuctionSource;
  readonly #output: FeedOutput;
  readonly #viewersReads: SharedLogReads;
  #view: AuctionView;
  /**
   * What viewers who came back were given up to the present view, by their positions; undefined where
   * it is still read.
   */
  readonly #answers = new Map<string, Recovered | undefined>();
  /** The newest events that were sent, in order. May have gaps, which readers check for. */
  #recent: readonly LiveEvent[] = [];
  #heldBack: LiveMessage[] = [];
  #filling: Promise<void> | undefined;

  private constructor(view: AuctionView, source: AuctionSource, output: FeedOutput) {
    this.auctionId = view.id;
    this.#view = view;
    this.#source = source;
    this.#output = output;
    this.#viewersReads = new SharedLogReads(view.id, source);
  }

  /**
   * @param view the present state, read after the subscription had begun
   * @param meanwhile what the subscription brought since
   */
  static open(
    view: AuctionView,
    meanwhile: readonly LiveMessage[],
    source: AuctionSource,
    output: FeedOutput,
  ): AuctionFeed {
    const feed = new AuctionFeed(view, source, output);
    for (const message of meanwhile) feed.receive(message);
    return feed;
  }

  /** The state at the position up to which everything was sent. */
  get view(): AuctionView {
    return this.#view;
  }

  /** A message of the subscription. */
  receive(message: LiveMessage): void {
    if (this.#filling !== undefined) {
      this.#hold(message);
    } else if (!this.#sendIfNext(message)) {
      this.#hold(message);
      this.#fillGap();
    }
  }

  /** Reads from the log what is missing, if anything; resolves when it was sent. Never rejects. */
  async catchUp(): Promise<void> {
    this.#fillGap();
    await this.#filling;
  }

  /**
   * Prepares what a viewer at this position missed, if it may be told.
   * @param charge as of {@link mayRecoverFrom}
   * @returns to be called in the instant from which on the viewer hears everything
   * @throws SourceUnavailableError
   */
  async recoverFrom(
    after: Position,
    charge: (events: number) => boolean,
  ): Promise<() => Recovered> {
    if (!this.mayRecoverFrom(after, charge)) return () => NOT_RECOVERED;
    const read = await this.readSince(after);
    return () => this.missedSince(after, read);
  }

  /**
   * What many missed is put together once, and charged to the first of them alone.
   * @param charge takes so many events of what may be put together for the viewer's address
   * @returns whether a viewer at this position may be told what it missed
   */
  mayRecoverFrom(after: Position, charge: (events: number) => boolean): boolean {
    const key = keyOf(after);
    if (this.#answers.has(key) || !isWithinReach(after, this.#view)) return true;
    if (!charge(this.#view.seq - after.seq)) return false;
    this.#keep(key, undefined);
    return true;
  }

  /**
   * Reads what memory does not hold of the events after a viewer's position; one read for many.
   * @throws SourceUnavailableError
   */
  async readSince(after: Position): Promise<readonly LiveEvent[]> {
    if (comparePositions(after, this.#view) > 0) {
      await this.#reach();
      if (comparePositions(after, this.#view) > 0) return [];
    }
    const key = keyOf(after);
    const known = this.#answers.get(key);
    if (known !== undefined) return known.events;
    if (!isWithinReach(after, this.#view)) return [];
    for (let reads = 1; ; reads += 1) {
      const isRecent = recover(after, this.#view, this.#recent).recovered;
      const read = isRecent ? [] : await this.#viewersReads.read(after.seq);
      // While it was read, more may have come than memory holds.
      const { recovered } = this.missedSince(after, read);
      if (recovered || this.#answers.get(key) || reads === MAX_READS) return read;
    }
  }

  /**
   * What a viewer at `after` lacks up to {@link view}, which may have moved on since the read.
   * Viewers who came back from the same position get the same array, so that it is encoded once.
   */
  missedSince(after: Position, read: readonly LiveEvent[]): Recovered {
    const key = keyOf(after);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const last = read.at(-1);
    // After those read from the log, those sent since that the read did not see.
    const log = last === undefined ? this.#recent : [...read, ...eventsAfter(this.#recent, last)];
    const found = recover(after, this.#view, log);
    // Reading again would find no way from this position either.
    const isFinal = last !== undefined && comparePositions(last, this.#view) >= 0;
    if (found.recovered || isFinal) this.#keep(key, found);
    return found;
  }

  #keep(key: string, answer: Recovered | undefined): void {
    if (this.#answers.size < MAX_KEPT_ANSWERS || this.#answers.has(key)) {
      this.#answers.set(key, answer);
    }
  }

  /**
   * A viewer was told more by another node: this one may be behind, and must not lead it back.
   * @throws SourceUnavailableError
   */
  async #reach(): Promise<void> {
    const newer = (await this.#viewersReads.read(this.#view.seq)).at(-1);
    if (newer === undefined || comparePositions(newer, this.#view) <= 0) return;
    await this.catchUp();
    if (comparePositions(newer, this.#view) <= 0) return;
    throw new SourceUnavailableError('this node cannot read the newest events');
  }

  /** @returns false when something is missing before this message */
  #sendIfNext(message: LiveMessage): boolean {
    if (comparePositions(message, this.#view) <= 0) return true;
    const events = eventsAfter(message.events, this.#view);
    if (!isUnbroken(this.#view, events, message)) return false;
    this.#send({ ...message, events });
    return true;
  }

  #send(message: LiveMessage): void {
    const { epoch, seq, state, serverTime } = message;
    // An outcome is the state's, and may be gone in a new epoch.
    const { outcome: _before, ...terms } = this.#view;
    this.#view = auctionView(terms, state, { epoch, seq, serverTime });
    this.#answers.clear();
    this.#recent = [...this.#recent, ...message.events].slice(-MAX_RECENT);
    this.#output.send(message);
  }

  #hold(message: LiveMessage): void {
    this.#heldBack.push(message);
    if (this.#heldBack.length > MAX_HELD_BACK) this.#heldBack.shift();
  }

  #fillGap(): void {
    this.#filling ??= this.#readMissing()
      .then((repair) => {
        if (repair !== undefined) this.#output.repaired(this.auctionId, repair);
        return undefined;
      })
      .catch((error: unknown) => {
        this.#output.repaired(this.auctionId, 'failed');
        this.#output.failed(this.auctionId, error);
      })
      .finally(() => {
        this.#filling = undefined;
        this.#sendHeldBack();
      });
  }

  async #readMissing(): Promise<Repair | undefined> {
    const before = this.#view;
    for (let attempt = 1; ; attempt += 1) {
      const read = await this.#source.eventsAfter(this.auctionId, before.seq, MAX_RECOVERED_EVENTS);
      const last = read.at(-1);
      if (
        last !== undefined &&
        read.length <= MAX_RECOVERED_EVENTS &&
        isUnbroken(before, read, last)
      ) {
        this.#send({ ...this.#messageAt(last), state: stateAfter(last), events: read });
        return 'filled';
      }
      // Nothing is missing, or nobody can say which events are: a new epoch, or a trimmed log.
      const present = await this.#source.snapshot(this.auctionId);
      if (present === undefined || comparePositions(present, before) <= 0) return undefined;
      const justArrived = last === undefined && present.epoch === before.epoch;
      if (justArrived && attempt < MAX_READS) continue;
      this.#send({ ...this.#messageAt(present), state: stateOf(present), events: [] });
      return 'conflated';
    }
  }

  #messageAt({
    epoch,
    seq,
  }: Position): Pick<LiveMessage, 'auctionId' | 'epoch' | 'seq' | 'serverTime'> {
    const serverTime = new Date(this.#source.now()).toISOString();
    return { auctionId: this.auctionId, epoch, seq, serverTime };
  }

  /** After a read: what is still not next cannot be filled now, and its state is better than none. */
  #sendHeldBack(): void {
    const messages = this.#heldBack;
    this.#heldBack = [];
    for (const message of messages) {
      if (this.#sendIfNext(message)) continue;
      const events = eventsAfter(message.events, this.#view);
      this.#send({ ...message, events });
      this.#output.repaired(this.auctionId, 'conflated');
    }
  }
}

const keyOf = ({ epoch, seq }: Position): string => `${epoch}:${seq}`;

/** The part of a view that changes. */
export function stateOf(view: AuctionView): PublicState {
  const { status, outcome, price, minimumBid, leader, bidCount, reserveMet, endsAt } = view;
  const state = { status, price, minimumBid, leader, bidCount, reserveMet, endsAt };
  return outcome === undefined ? state : { ...state, outcome };
}
