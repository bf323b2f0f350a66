/**
 * The way of the events from JetStream into Postgres: take a batch, store it in one transaction,
 * acknowledge it, report how far each auction is archived. While Postgres is away it keeps the
 * batch in hand and tries again for ever; JetStream holds the rest.
 */
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { auctionsOf, distinctEvents, projectionsOf } from './batch.ts';
import { decodeEntry, UndecodableError } from './decode-entry.ts';
import type { EventRow } from './event-row.ts';
import {
  RefusedDataError,
  type ArchivedPrefix,
  type ArchiveFigures,
  type ArchiveStore,
  type ArchiveTransaction,
  type BatchFigures,
  type DeadLetter,
  type Delivery,
  type EventSource,
} from './ports.ts';
import type { ReportArchived } from './report-archived.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Two, so that one batch is decoded while the other is being stored. */
const BATCHES_AT_ONCE = 2;
const RETRY_MAX_MS = 5_000;

export interface ArchiveParts {
  readonly source: EventSource;
  readonly store: ArchiveStore;
  readonly report: ReportArchived;
  readonly figures: ArchiveFigures;
  readonly log: Logger;
}

/** A delivery and what it holds: events, or the reason why it can never be stored. */
interface Opened {
  readonly delivery: Delivery;
  readonly events: readonly EventRow[];
  readonly refusal?: string;
}

interface Stored {
  readonly prefixes: readonly ArchivedPrefix[];
  readonly conflicts: readonly EventRow[];
  readonly letters: readonly DeadLetter[];
  readonly figures: BatchFigures;
}

export class ArchiveEvents {
  readonly #parts: ArchiveParts;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: BATCHES_AT_ONCE }, () => this.#run()));
  }

  /** Finishes the batches in hand; one that cannot be stored now is given back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#parts.source.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const deliveries = await this.#parts.source.next();
      if (deliveries.length === 0) return;
      const opened = deliveries.map((delivery) => this.#open(delivery));
      try {
        await this.#settle(opened);
      } catch (error) {
        // Only a fault of this program ends here. The events come again; do not spin on them.
        this.#parts.log.error({ err: error }, 'a batch failed in an unexpected way');
        for (const { delivery } of opened) delivery.giveBack();
        await pause(RETRY_MAX_MS, this.#stopping.signal);
      }
    }
  }

  #open(delivery: Delivery): Opened {
    try {
      return { delivery, events: decodeEntry(delivery.subject, delivery.body) };
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      return { delivery, events: [], refusal: error.message };
    }
  }

  /** Stores and acknowledges. A batch that is refused is halved until the one at fault is alone. */
  async #settle(batch: readonly Opened[]): Promise<void> {
    let stored: Stored | undefined;
    try {
      stored = await this.#storeWithPatience(batch);
    } catch (error) {
      if (!(error instanceof RefusedDataError)) throw error;
      const [only] = batch;
      if (only === undefined) throw error;
      if (batch.length === 1) {
        if (only.refusal !== undefined) throw error;
        return this.#settle([{ ...only, events: [], refusal: error.message }]);
      }
      const middle = Math.ceil(batch.length / 2);
      await this.#settle(batch.slice(0, middle));
      return this.#settle(batch.slice(middle));
    }
    for (const { delivery } of batch) {
      if (stored === undefined) delivery.giveBack();
      else delivery.ack();
    }
    if (stored === undefined) return;
    this.#parts.report.add(stored.prefixes);
    this.#parts.figures.committed(stored.figures);
    this.#complain(stored);
  }

  /** Undefined when the store is away and the worker has to stop. */
  async #storeWithPatience(batch: readonly Opened[]): Promise<Stored | undefined> {
    const { log, store, figures } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const stored = await store.transaction((tx) => this.#write(tx, batch));
        if (attempt > 1) log.info({ attempt }, 'events can be stored again');
        return stored;
      } catch (error) {
        if (error instanceof RefusedDataError) throw error;
        figures.retried();
        const level = attempt === 1 ? 'warn' : 'debug';
        log[level]({ err: error, attempt }, 'events cannot be stored now, trying again');
      }
      if (!this.#stopping.signal.aborted) {
        await pause(retryDelayMs(attempt, RETRY_MAX_MS), this.#stopping.signal);
      }
      if (this.#stopping.signal.aborted) return undefined;
    }
  }

  async #write(tx: ArchiveTransaction, batch: readonly Opened[]): Promise<Stored> {
    const arrived = batch.flatMap((opened) => opened.events);
    const { events, conflicting } = distinctEvents(arrived);
    const inserted = await tx.insertEvents(events);
    const conflicts = [...conflicting, ...inserted.conflicting];
    const letters = batch.flatMap(deadLetter);
    await tx.keepConflicts(conflicts);
    await tx.keepDeadLetters(letters);
    await tx.project(projectionsOf(inserted.fresh));
    const prefixes = await tx.archivedPrefixes(auctionsOf(events));
    const figures = {
      messages: batch.length,
      fresh: inserted.fresh.length,
      duplicates: arrived.length - inserted.fresh.length - conflicts.length,
      conflicts: conflicts.length,
      deadLetters: letters.length,
      oldestAt: oldestAt(inserted.fresh),
    };
    return { prefixes, conflicts, letters, figures };
  }

  #complain({ conflicts, letters }: Stored): void {
    for (const { auctionId, epoch, seq } of conflicts) {
      this.#parts.log.error({ auctionId, epoch, seq }, 'two events claim the same place');
    }
    for (const { subject, reason } of letters) {
      this.#parts.log.error({ subject, reason }, 'a message can never be stored');
    }
  }
}

function deadLetter({ delivery, refusal }: Opened): DeadLetter[] {
  if (refusal === undefined) return [];
  return [{ subject: delivery.subject, payload: delivery.body, reason: refusal }];
}

function oldestAt(events: readonly EventRow[]): string | undefined {
  let oldest: string | undefined;
  for (const { at } of events) if (oldest === undefined || at < oldest) oldest = at;
  return oldest;
}
