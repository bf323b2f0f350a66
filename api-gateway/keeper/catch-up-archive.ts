/**
 * Publishes log entries that the archive lacks: those that the direct hand-off missed, and those that
 * JetStream lost. Forgets auctions that are sealed. It runs beside the keeper, for the shards the
 * keeper holds, so that no auction opens or closes late for it.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import type { EventStream } from '../hand-off/event-stream.ts';
import type { Published } from '../hand-off/publish-receipts.ts';
import type { ConsumerProgress } from './consumer-progress.ts';
import type { DueWorkStore, LaggingAuction, LaggingTurn } from './due-work-store.ts';
import { FindLost } from './find-lost.ts';
import { LagOfLooks, type LogLag } from './log-lag.ts';

const ROUND_EVERY_MS = 500;
/**
 * Auctions of a shard taken in one round, and how many are worked on at once. The first also bounds
 * the looks per second at auctions that only wait for the archive, however many there are.
 */
const PER_SHARD = 32;
const AT_ONCE = 32;
/** An auction whose entries are all published has its next turn after this. */
const LOOK_AGAIN_MS = 5_000;
/** An auction that had no turn for so long lags no more, or many wait for theirs. */
const OUTDATED_MS = LOOK_AGAIN_MS + 2_000;
/** Younger entries are still on their way by the direct hand-off, which takes some tenths at most. */
const HAND_OFF_MS = 1_000;
const USUAL_HAND_OFF_MS = 400;
/** Reads of one auction's log in one turn; then others have theirs. */
const READS_PER_TURN = 20;

export interface ArchiveParts {
  readonly store: Pick<DueWorkStore, keyof DueWorkStore>;
  readonly stream: EventStream;
  readonly progress: () => Promise<ConsumerProgress | undefined>;
}

/** Told of what was done, in log entries or auctions. */
export interface ArchiveFigures {
  missed(entries: number): void;
  repaired(entries: number): void;
  forgotten(auctions: number): void;
}

interface Waiting {
  readonly auctionId: string;
  readonly auction: LaggingAuction;
}

/** A stop ends it after the chunks in hand. */
export class CatchUpArchive extends Rounds {
  readonly #parts: ArchiveParts;
  readonly #heldShards: () => Iterable<number>;
  readonly #figures: ArchiveFigures;
  readonly #log: Logger;
  readonly #findLost = new FindLost();
  readonly #looks = new LagOfLooks();
  #isLagKnown = false;
  #failing = false;

  constructor(
    parts: ArchiveParts,
    heldShards: () => Iterable<number>,
    figures: ArchiveFigures,
    log: Logger,
  ) {
    super(() => this.#round());
    this.#parts = parts;
    this.#heldShards = heldShards;
    this.#figures = figures;
    this.#log = log;
  }

  /** As of the last look at each auction; undefined while Redis does not answer. */
  get lag(): LogLag | undefined {
    return this.#isLagKnown
      ? this.#looks.sum(monotonicNow(), new Set(this.#heldShards()))
      : undefined;
  }

  async #round(): Promise<number> {
    let wasBusy = false;
    try {
      wasBusy = await this.#catchUp();
      if (this.#failing) this.#log.info('what the archive lacks is published again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#log.warn({ err: error }, 'what the archive lacks cannot be published, retrying');
      this.#failing = true;
    }
    return wasBusy ? 0 : ROUND_EVERY_MS;
  }

  /** @returns whether there was something to do, so that the next round should follow at once */
  async #catchUp(): Promise<boolean> {
    const { store, stream } = this.#parts;
    const shards = [...this.#heldShards()];
    const asked = await Promise.allSettled(shards.map((shard) => store.dueWork(shard, PER_SHARD)));
    // On a cluster one master may be away: the other shards get their turn, and then it is said.
    const due = asked.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    this.#isLagKnown = due.length > 0 || shards.length === 0;
    const answered = new Set(shards.filter((_, i) => asked[i]?.status === 'fulfilled'));
    const forgettable = due.flatMap((each) => each.forgettable);
    const gone = await this.#each(forgettable, (auctionId) => store.forget(auctionId));
    this.#figures.forgotten(gone.filter(Boolean).length);

    const unseen = this.#looks.outdated(monotonicNow() - OUTDATED_MS, answered, PER_SHARD);
    await this.#each(unseen, (auctionId) => this.#look(auctionId, { atMost: 1 }));

    const lagging = due.flatMap((each) => each.lagging);
    let wasMissed = false;
    if (stream.open) {
      const looked = await this.#each(lagging, (auctionId) => this.#publishMissed(auctionId));
      await this.#repairLost(looked.filter((each) => each !== undefined));
      wasMissed = looked.some((each) => each === undefined);
    } else {
      // Nothing can be done for the archive; the log keeps everything.
      const turn = { pauseMs: HAND_OFF_MS, atMost: 1 };
      await this.#each(lagging, (auctionId) => this.#look(auctionId, turn));
    }
    for (const end of asked) if (end.status === 'rejected') throw end.reason;
    return wasMissed || due.some((each) => each.forgettable.length >= PER_SHARD);
  }

  /**
   * Publishes what lies above the published mark, oldest first.
   * @returns the auction when none was missed and the archive lags all the same
   */
  async #publishMissed(auctionId: string): Promise<Waiting | undefined> {
    const { store, stream } = this.#parts;
    for (let read = 1; ; read += 1) {
      const auction = await this.#look(auctionId, { pauseMs: LOOK_AGAIN_MS });
      if (auction === undefined) return undefined;
      const late = auction.entries.filter(({ ageMs }) => ageMs >= USUAL_HAND_OFF_MS);
      const missed = late.filter(({ ageMs }) => ageMs >= HAND_OFF_MS);
      const entries = missed.map(({ entry }) => entry);
      const published = await publishAll(entries, (entry, done) => stream.publish(entry, done));
      if (published.length > 0) await store.confirm(published);
      if (!auction.hasMore && published.length === auction.entries.length) {
        this.#looks.published(auctionId);
      }
      this.#figures.missed(published.length);

      if (published.length < entries.length || read >= READS_PER_TURN || this.stopped) {
        await store.lookAgain(auctionId, 0);
        return undefined;
      }
      // An auction with bids all the time always has some on their way: those need no look of their own.
      if (late.length > missed.length) await store.lookAgain(auctionId, HAND_OFF_MS);
      if (entries.length === 0) return { auctionId, auction };
      if (entries.length < auction.entries.length || !auction.hasMore) return undefined;
    }
  }

  async #look(auctionId: string, turn: LaggingTurn): Promise<LaggingAuction | undefined> {
    const auction = await this.#parts.store.readLagging(auctionId, turn);
    if (turn.afterSeq === undefined) this.#looks.saw(auctionId, auction, monotonicNow());
    return auction;
  }

  async #repairLost(waiting: readonly Waiting[]): Promise<void> {
    const suspects = waiting.filter(({ auction }) => !auction.blocked);
    if (suspects.length === 0) return;
    const progress = await this.#parts.progress();
    if (progress === undefined) return;
    await this.#each(suspects, async ({ auctionId, auction }) => {
      const upTo = this.#findLost.lostUpTo(auctionId, auction, progress, monotonicNow());
      if (upTo === undefined) return;
      const entries = await this.#publishAgain(auctionId, auction.archivedSeq, upTo);
      if (entries === undefined) return;
      this.#findLost.repaired(auctionId, monotonicNow());
      this.#figures.repaired(entries);
      this.#log.warn(
        { auctionId, archivedSeq: auction.archivedSeq, upTo, entries },
        'JetStream lost events of an auction; they were published again',
      );
    });
  }

  /** @returns how many entries were published; undefined when not all of them could be */
  async #publishAgain(
    auctionId: string,
    archivedSeq: number,
    upTo: number,
  ): Promise<number | undefined> {
    const { stream } = this.#parts;
    let count = 0;
    for (let after = archivedSeq; !this.stopped;) {
      const auction = await this.#look(auctionId, { pauseMs: LOOK_AGAIN_MS, afterSeq: after });
      const entries = (auction?.entries ?? [])
        .map(({ entry }) => entry)
        .filter(({ firstSeq }) => firstSeq <= upTo);
      const last = entries.at(-1);
      if (last === undefined) return count;
      const published = await publishAll(entries, (entry, done) =>
        stream.publishAgain(entry, done),
      );
      if (published.length < entries.length) return undefined;
      count += published.length;
      after = last.lastSeq;
    }
    return undefined;
  }

  /** A few auctions at once: this bounds what is in memory and on its way to JetStream. */
  async #each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results: R[] = [];
    const queue = items.values();
    const worker = async (): Promise<void> => {
      for (const item of queue) {
        if (this.stopped) return;
        results.push(await work(item));
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return results;
  }
}

/** @returns the entries that JetStream took */
async function publishAll(
  entries: readonly LogEntry[],
  publish: (entry: LogEntry, published: Published) => void,
): Promise<LogEntry[]> {
  const publishOne = (entry: LogEntry): Promise<boolean> =>
    new Promise((resolve) => publish(entry, (_, failure) => resolve(failure === undefined)));
  const results = await Promise.all(entries.map(publishOne));
  return entries.filter((_, i) => results[i]);
}
