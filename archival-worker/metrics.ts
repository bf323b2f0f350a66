import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ArchiveFigures, BatchFigures } from './archive/ports.ts';
import type { SealFigures } from './seal/ports.ts';

export interface WorkerGauges {
  /** Messages that are not archived yet. */
  readonly behind: () => number;
  /** Auctions whose archived watermark Redis was not told yet. */
  readonly unreported: () => number;
}

/** The worker's own figures; names and units by Prometheus's convention. */
export function createMetrics(registry: Registry, gauges: WorkerGauges): ArchiveFigures {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    const collect = (): void => made.set(read());
    const made = new Gauge({ name, help, registers, collect });
  };
  gauge('outcry_archive_behind_messages', 'Messages not archived yet', gauges.behind);
  gauge('outcry_archive_unreported_auctions', 'Watermarks Redis lacks', gauges.unreported);
  const events = new Counter({
    name: 'outcry_archive_events_total',
    help: 'Events that arrived: stored, or stored before',
    labelNames: ['result'],
    registers,
  });
  const conflicts = new Counter({
    name: 'outcry_archive_conflicts_total',
    help: 'Events whose place in the archive holds other content',
    registers,
  });
  const deadLetters = new Counter({
    name: 'outcry_archive_dead_letters_total',
    help: 'Messages that can never be stored',
    registers,
  });
  const retries = new Counter({
    name: 'outcry_archive_retries_total',
    help: 'Failed attempts to store a batch',
    registers,
  });
  const batch = new Histogram({
    name: 'outcry_archive_batch_messages',
    help: 'Messages in one transaction',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const lag = new Histogram({
    name: 'outcry_archive_lag_seconds',
    help: 'From an event to its commit: the oldest new event of each batch',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
    registers,
  });
  for (const result of ['new', 'duplicate']) events.inc({ result }, 0);

  return {
    committed: (figures: BatchFigures) => {
      events.inc({ result: 'new' }, figures.fresh);
      events.inc({ result: 'duplicate' }, figures.duplicates);
      conflicts.inc(figures.conflicts);
      deadLetters.inc(figures.deadLetters);
      batch.observe(figures.messages);
      if (figures.oldestAt !== undefined) {
        lag.observe(Math.max(0, wallClockNow() - Date.parse(figures.oldestAt)) / 1000);
      }
    },
    retried: () => retries.inc(),
  };
}

/** What sealing adds to them. */
export function createSealMetrics(registry: Registry): SealFigures {
  const registers = [registry];
  const auctions = new Counter({
    name: 'outcry_seal_auctions_total',
    help: 'Auctions that this worker sealed',
    registers,
  });
  const events = new Counter({
    name: 'outcry_seal_events_total',
    help: 'Events of the auctions that this worker sealed',
    registers,
  });
  const doubts = new Counter({
    name: 'outcry_seal_doubts_total',
    help: 'Ended auctions that lack events, or that Redis knows otherwise than their seal',
    registers,
  });
  const waiting = new Gauge({
    name: 'outcry_seal_waiting_auctions',
    help: 'Auctions that are over and not sealed, as far as they are counted',
    registers,
  });
  const lag = new Gauge({
    name: 'outcry_seal_lag_seconds',
    help: 'Since the first of them was over',
    registers,
  });
  return {
    sealed: (count) => {
      auctions.inc();
      events.inc(count);
    },
    quarantined: () => doubts.inc(),
    waiting: (backlog) => {
      waiting.set(backlog?.auctions ?? NaN);
      lag.set(backlog?.oldestSeconds ?? NaN);
    },
  };
}
