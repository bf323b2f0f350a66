/**
 * Moves events from JetStream into Postgres: takes a batch, stores it in one transaction, acks it and
 * reports how far each auction is archived. While Postgres is away it keeps the batch in hand and
 * retries for ever; JetStream holds the rest.
 */
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { ArchiveStore } from '../adapters/postgres/archive-store.ts';
import {
  RefusedDataError,
  TooSlowError,
  type Delivery,
  type EventSource,
  type OpenedEntry,
  type StoredBatch,
} from './ports.ts';
import type { ArchiveFigures } from '../metrics.ts';
import { openEntry } from './open-entry.ts';
import { ReportArchived, type ArchivedMarks } from './report-archived.ts';
import { logArchived, type TraceCommit } from './traced-archive.ts';

/**
 * Two inserts can run beside each other, and what follows in a transaction waits for those before
 * it that touch the same auctions; meanwhile a third batch is read and decoded.
 */
export const BATCHES_AT_ONCE = 3;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 5_000;

export interface ArchiveParts {
  readonly source: EventSource;
  readonly store: ArchiveStore;
  readonly marks: ArchivedMarks;
  readonly figures: ArchiveFigures;
  /** Undefined without traces. */
  readonly traceCommit?: TraceCommit | undefined;
  readonly log: Logger;
}

type Opened = OpenedEntry<Delivery>;

export class ArchiveEvents {
  readonly #parts: ArchiveParts;
  readonly #report: ReportArchived;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
    this.#report = new ReportArchived(parts.marks, parts.log);
  }

  /** Auctions of which Redis was not told yet how far they are archived. */
  get unreported(): number {
    return this.#report.waiting;
  }

  start(): void {
    this.#report.start();
    this.#running = Promise.all(Array.from({ length: BATCHES_AT_ONCE }, () => this.#run()));
  }

  /** Finishes the batches in hand; one that cannot be stored now is nakked. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.source.stop();
    await this.#running;
    await this.#report.stop();
  }

  async #run(): Promise<void> {
    for (;;) {
      const deliveries = await this.#parts.source.next();
      if (deliveries.length === 0) return;
      const opened = deliveries.map((entry) => openEntry(entry));
      try {
        await this.#settle(opened);
      } catch (error) {
        // Only a fault of this program ends here. The events come again; do not spin on them.
        this.#parts.log.error({ err: error }, 'a batch failed in an unexpected way');
        nakAll(opened);
        await pause(RETRY_MAX_MS, this.#stopping.signal);
      }
    }
  }

  /**
   * Stores and acknowledges. A batch that is refused, or too slow as a whole, is halved: until the
   * one at fault is alone, or until the halves are stored in time.
   */
  async #settle(batch: readonly Opened[]): Promise<void> {
    const parts = [batch];
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      try {
        await this.#storeWithPatience(part);
      } catch (error) {
        const [only] = part;
        const isFault = error instanceof RefusedDataError || error instanceof TooSlowError;
        if (!isFault || only === undefined) throw error;
        if (part.length > 1) {
          const middle = Math.ceil(part.length / 2);
          parts.unshift(part.slice(0, middle), part.slice(middle));
        } else {
          if (only.refusal !== undefined) throw error;
          parts.unshift([{ entry: only.entry, events: [], refusal: error.message }]);
        }
      }
    }
  }

  /**
   * Tries until it is stored; naks it when the store is away and the worker has to stop.
   * @throws RefusedDataError; TooSlowError when it can be halved
   */
  async #storeWithPatience(batch: readonly Opened[]): Promise<void> {
    const { log, store, figures, traceCommit } = this.#parts;
    const { signal } = this.#stopping;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const commit = (): Promise<StoredBatch> => store.store(batch);
        const stored = await (traceCommit === undefined ? commit() : traceCommit(batch, commit));
        if (attempt > 1) log.info({ attempt }, 'events can be stored again');
        return this.#finish(batch, stored);
      } catch (error) {
        if (error instanceof RefusedDataError) throw error;
        figures.retried();
        const level = attempt === 1 ? 'warn' : 'debug';
        log[level]({ err: error, attempt }, 'events cannot be stored now, trying again');
        if (error instanceof TooSlowError && batch.length > 1 && !signal.aborted) throw error;
      }
      if (!signal.aborted) await pause(backoffMs(attempt, RETRY_FIRST_MS, RETRY_MAX_MS), signal);
      if (signal.aborted) return nakAll(batch);
    }
  }

  #finish(batch: readonly Opened[], stored: StoredBatch): void {
    const { figures, log } = this.#parts;
    for (const { entry } of batch) entry.ack();
    this.#report.add(stored.prefixes);
    this.#report.block(stored.letters.flatMap(({ auctionId }) => auctionId ?? []));
    figures.committed(stored);
    logArchived(batch, log);
    for (const { auctionId, epoch, seq, bidId } of stored.conflicts) {
      log.error({ auctionId, epoch, seq, bidId }, 'two events claim the same place');
    }
    for (const { subject, reason } of stored.letters) {
      log.error({ subject, reason }, 'a message can never be stored: see `npm run dead-letters`');
    }
  }
}

function nakAll(batch: readonly Opened[]): void {
  for (const { entry } of batch) entry.nak();
}
