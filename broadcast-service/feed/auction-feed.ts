/** One watched auction: turns hints that may be lost into an unbroken, ordered feed. */
import { auctionView, ownJson, type AuctionView } from '@outcry/shared/contracts/api.ts';
import type { PublicEvent, PublicState } from '@outcry/shared/contracts/events.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import {
  isUnbroken,
  isWithinReach,
  MAX_RECOVERED_EVENTS,
  NOT_RECOVERED,
  recover,
  type Recovered,
} from './missed-events.ts';
import { SourceUnavailableError, type AuctionSource } from './auction-source.ts';
import { eventsAfter, nameOf, type LiveEvent, type LiveMessage } from './live-message.ts';
import { RecentEvents } from './recent-events.ts';

/** How a gap in the feed was filled: with all events, or only with the newest state. */
export type Repair = 'filled' | 'conflated' | 'failed';

/** Where the feed goes. */
export interface FeedOutput {
  /** Called in order; `events` lacks some only where they could not be had. */
  send(message: LiveMessage): void;
  /** @param error why it failed */
  repaired(auctionId: string, repair: Repair, error?: unknown): void;
}

/** Messages kept while something is read; the oldest go first, and are then read from the log. */
const MAX_HELD_BACK = 256;
/** Positions from which viewers came back lately whose answers are kept. */
const MAX_KEPT_ANSWERS = 64;
/** An event may arrive between reading the log and reading the state; then both are read again. */
const MAX_READS = 3;

export class AuctionFeed {
  readonly auctionId: string;
  readonly #source: AuctionSource;
  readonly #output: FeedOutput;
  readonly #recent: RecentEvents;
  #view: AuctionView;
  /**
   * What viewers who came back were given up to the present view, by their positions; undefined where
   * it is charged and not given yet.
   */
  readonly #answers = new Map<string, Recovered | undefined>();
  #heldBack: LiveMessage[] = [];
  #filling: Promise<void> | undefined;

  /** @param view the present state, read after the subscription had begun */
  constructor(view: AuctionView, source: AuctionSource, output: FeedOutput) {
    this.auctionId = view.id;
    this.#view = view;
    this.#source = source;
    this.#output = output;
    this.#recent = new RecentEvents(view.id, view.seq, source);
  }

  /** The state at the position up to which everything was sent. */
  get view(): AuctionView {
    return this.#view;
  }

  /** A message of the subscription. */
  receive(message: LiveMessage): void {
    if (this.#filling === undefined && this.#sendIfNext(message)) return;
    this.#heldBack.push(message);
    if (this.#heldBack.length > MAX_HELD_BACK) this.#heldBack.shift();
    this.#fillGap();
  }

  /** Reads from the log what is missing, if anything; resolves when it was sent. Never rejects. */
  async catchUp(): Promise<void> {
    this.#fillGap();
    await this.#filling;
  }

  /**
   * Reads what memory does not hold of the events after a viewer's position; one read for many.
   * @param charge takes so many events of what may be put together for the viewer's address; of
   *   those who come back from one position, the first is charged alone
   * @returns what the viewer lacks, to be called in the instant from which on it hears everything
   * @throws SourceUnavailableError
   */
  async recoverFrom(
    after: Position,
    charge: (events: number) => boolean,
  ): Promise<() => Recovered> {
    if (comparePositions(after, this.#view) > 0) await this.#reach();
    if (isWithinReach(after, this.#view)) {
      const key = nameOf(after);
      if (!this.#answers.has(key)) {
        if (!charge(this.#view.seq - after.seq)) return () => NOT_RECOVERED;
        this.#keep(key, undefined);
      }
      await this.#recent.reachBack(after.seq);
    }
    return () => this.#missedSince(after);
  }

  /** Viewers at the same position get the same answer, so that it is encoded once. */
  #missedSince(after: Position): Recovered {
    const key = nameOf(after);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const found = recover(after, this.#view, this.#recent.all);
    if (isWithinReach(after, this.#view)) this.#keep(key, found);
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
    const [head] = await this.#source.heads([this.auctionId]);
    if (head === undefined || comparePositions(head, this.#view) <= 0) return;
    await this.catchUp();
    if (comparePositions(head, this.#view) <= 0) return;
    throw new SourceUnavailableError('this node cannot read the newest events');
  }

  /** @returns false when something is missing before this message */
  #sendIfNext(message: LiveMessage): boolean {
    if (comparePositions(message, this.#view) <= 0) return true;
    const events = eventsAfter(message.events, this.#view);
    if (!isUnbroken(this.#view, events, message)) return false;
    this.#send(message, message.state, events, message.serverTime);
    return true;
  }

  #send(
    { epoch, seq }: Position,
    state: PublicState,
    events: readonly LiveEvent[],
    serverTime = new Date(this.#source.now()).toISOString(),
  ): void {
    // An outcome is the state's, and may be gone in a new epoch.
    const { outcome: _before, ...terms } = this.#view;
    this.#view = auctionView(terms, state, { epoch, seq, serverTime });
    this.#answers.clear();
    this.#recent.add(events);
    this.#output.send({ auctionId: this.auctionId, epoch, seq, events, state, serverTime });
  }

  /** Some events before what was just sent could not be had; its state is better than none. */
  #noteConflated(): void {
    this.#recent.startAfter(this.#view.seq);
    this.#output.repaired(this.auctionId, 'conflated');
  }

  #fillGap(): void {
    this.#filling ??= this.#readMissing()
      .catch((error: unknown) => this.#output.repaired(this.auctionId, 'failed', error))
      .finally(() => {
        this.#filling = undefined;
        this.#sendHeldBack();
      });
  }

  async #readMissing(): Promise<void> {
    const before = this.#view;
    for (let attempt = 1; ; attempt += 1) {
      const read = await this.#source.eventsAfter(this.auctionId, before.seq, MAX_RECOVERED_EVENTS);
      const last = read.at(-1);
      if (
        last !== undefined &&
        read.length <= MAX_RECOVERED_EVENTS &&
        isUnbroken(before, read, last)
      ) {
        this.#send(last, ownJson<PublicEvent>(last.json).state, read);
        this.#output.repaired(this.auctionId, 'filled');
        return;
      }
      // Nothing is missing, or nobody can say which events are: a new epoch, or a trimmed log.
      const present = await this.#source.snapshot(this.auctionId);
      if (present === undefined || comparePositions(present, before) <= 0) return;
      const justArrived = last === undefined && present.epoch === before.epoch;
      if (justArrived && attempt < MAX_READS) continue;
      this.#send(present, stateOf(present), []);
      this.#noteConflated();
      return;
    }
  }

  /** After a read: what is still not next cannot be filled now. */
  #sendHeldBack(): void {
    const messages = this.#heldBack;
    this.#heldBack = [];
    for (const message of messages) {
      if (this.#sendIfNext(message)) continue;
      const events = eventsAfter(message.events, this.#view);
      this.#send(message, message.state, events, message.serverTime);
      this.#noteConflated();
    }
  }
}

/** The part of a view that changes. */
export function stateOf(view: AuctionView): PublicState {
  const { status, outcome, price, minimumBid, leader, bidCount, reserveMet, endsAt } = view;
  const state = { status, price, minimumBid, leader, bidCount, reserveMet, endsAt };
  return outcome === undefined ? state : { ...state, outcome };
}
