/**
 * Hands decided entries to JetStream after the bidders have their answers. It never waits and
 * never fails a bid: what it cannot publish now stays in the log, where the keeper finds it.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import type { DueWorkStore } from '../keeper/due-work-store.ts';
import type { EventStream } from './event-stream.ts';
import type { Published } from './publish-receipts.ts';

/** Entries and their characters on the way to JetStream at once; more is left to the keeper. */
const MAX_IN_FLIGHT = 1_024;
const MAX_CHARACTERS_IN_FLIGHT = 16 * 1024 * 1024;
/**
 * Entries are published this often, all at once: a message that comes alone costs the gateway and
 * the NATS server several times as much, most of it for being woken up.
 */
const PUBLISH_EVERY_MS = 5;
/** Receipts are reported to Redis together, this often at most. */
const CONFIRM_EVERY_MS = 100;
const MAX_UNCONFIRMED = 10_000;

/** The published mark of each auction, kept in Redis. */
export type PublishedMark = Pick<DueWorkStore, 'confirm'>;

export class PublishEntries {
  readonly #stream: EventStream;
  readonly #mark: PublishedMark;
  readonly #log: Logger;
  #offered: LogEntry[] = [];
  #unconfirmed: LogEntry[] = [];
  #inFlight = 0;
  #charactersInFlight = 0;
  #leftToKeeper = 0;
  #publishTimer: NodeJS.Timeout | undefined;
  #confirmTimer: NodeJS.Timeout | undefined;
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

  /** Entries on their way to JetStream, those included that are about to be sent. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes an entry to be published with the next ones; returns at once. */
  offer(entry: LogEntry): void {
    const isFull =
      this.#inFlight >= MAX_IN_FLIGHT || this.#charactersInFlight >= MAX_CHARACTERS_IN_FLIGHT;
    if (!this.#stream.open || isFull) {
      this.#leftToKeeper += 1;
      return;
    }
    this.#inFlight += 1;
    this.#charactersInFlight += entry.size;
    this.#offered.push(entry);
    this.#publishTimer ??= setTimeout(() => this.#publishOffered(), PUBLISH_EVERY_MS);
  }

  /** Publishes what is left, without waiting for it, and reports the receipts in hand. */
  async close(): Promise<void> {
    clearTimeout(this.#publishTimer);
    this.#publishOffered();
    clearTimeout(this.#confirmTimer);
    this.#confirm();
    await this.#confirming;
  }

  #publishOffered(): void {
    this.#publishTimer = undefined;
    const entries = this.#offered;
    this.#offered = [];
    for (const entry of entries) this.#stream.publish(entry, this.#published);
  }

  readonly #published: Published = (entry, failure) => {
    this.#inFlight -= 1;
    this.#charactersInFlight -= entry.size;
    if (failure === undefined) {
      this.#remember(entry);
    } else {
      this.#leftToKeeper += 1;
      this.#log.debug({ err: failure, auctionId: entry.auctionId }, 'left an entry to the keeper');
    }
  };

  #remember(entry: LogEntry): void {
    if (this.#unconfirmed.length >= MAX_UNCONFIRMED) return; // the keeper will find it published
    this.#unconfirmed.push(entry);
    this.#confirmTimer ??= setTimeout(() => this.#confirm(), CONFIRM_EVERY_MS);
  }

  #confirm(): void {
    this.#confirmTimer = undefined;
    const entries = this.#unconfirmed;
    this.#unconfirmed = [];
    if (entries.length > 0) this.#confirming = this.#report(entries);
  }

  async #report(entries: readonly LogEntry[]): Promise<void> {
    try {
      await this.#mark.confirm(entries);
    } catch (error) {
      // Nothing is lost: the keeper publishes again and JetStream drops the duplicate.
      this.#log.warn({ err: error }, 'could not move the published mark');
    }
  }
}
