/**
 * Hands decided entries to JetStream after the bidders have their answers. It never waits and
 * never fails a bid: what it cannot publish now stays in the log, where the keeper finds it.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import type { EventStream, PublishedMark } from './event-stream.ts';

/** Entries and their characters on the way to JetStream at once; more is left to the keeper. */
const MAX_IN_FLIGHT = 1_024;
const MAX_CHARACTERS_IN_FLIGHT = 16 * 1024 * 1024;
/** Receipts of an auction are reported to Redis together, this often at most. */
const CONFIRM_EVERY_MS = 100;
const MAX_UNCONFIRMED = 10_000;

export class PublishEntries {
  readonly #stream: EventStream;
  readonly #mark: PublishedMark;
  readonly #log: Logger;
  readonly #unconfirmed = new Map<string, LogEntry[]>();
  #unconfirmedCount = 0;
  #inFlight = 0;
  #charactersInFlight = 0;
  #leftToKeeper = 0;
  #timer: NodeJS.Timeout | undefined;
  #confirming: Promise<void> = Promise.resolve();

  constructor(stream: EventStream, mark: PublishedMark, log: Logger) {
    this.#stream = stream;
    this.#mark = mark;
    this.#log = log;
  }

  /** Entries that were left to the keeper since the start. */
  get leftToKeeper(): number {
    return this.#leftToKeeper;
  }

  /** Entries on their way to JetStream. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Starts publishing an entry; returns at once. */
  offer(entry: LogEntry): void {
    const isFull =
      this.#inFlight >= MAX_IN_FLIGHT || this.#charactersInFlight >= MAX_CHARACTERS_IN_FLIGHT;
    if (!this.#stream.open || isFull) {
      this.#leftToKeeper += 1;
      return;
    }
    this.#inFlight += 1;
    this.#charactersInFlight += entry.text.length;
    void this.#publish(entry);
  }

  /** Reports the receipts in hand. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#confirming;
  }

  async #publish(entry: LogEntry): Promise<void> {
    try {
      await this.#stream.publish(entry);
      this.#remember(entry);
    } catch (error) {
      this.#leftToKeeper += 1;
      this.#log.debug({ err: error, auctionId: entry.auctionId }, 'left an entry to the keeper');
    } finally {
      this.#inFlight -= 1;
      this.#charactersInFlight -= entry.text.length;
    }
  }

  #remember(entry: LogEntry): void {
    if (this.#unconfirmedCount >= MAX_UNCONFIRMED) return; // the keeper will find it published
    const entries = this.#unconfirmed.get(entry.auctionId);
    if (entries === undefined) this.#unconfirmed.set(entry.auctionId, [entry]);
    else entries.push(entry);
    this.#unconfirmedCount += 1;
    this.#timer ??= setTimeout(() => this.#flush(), CONFIRM_EVERY_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const batch = [...this.#unconfirmed];
    this.#unconfirmed.clear();
    this.#unconfirmedCount = 0;
    this.#confirming = this.#report(batch);
  }

  async #report(batch: readonly (readonly [string, readonly LogEntry[]])[]): Promise<void> {
    const results = await Promise.allSettled(
      batch.map(([auctionId, entries]) => this.#mark.confirm(auctionId, entries)),
    );
    const failed = results.filter((result) => result.status === 'rejected').length;
    // Nothing is lost: the keeper publishes again and JetStream drops the duplicate.
    if (failed > 0) this.#log.warn({ auctions: failed }, 'could not move the published mark');
  }
}
