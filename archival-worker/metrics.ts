import type { Registry } from 'prom-client';
import { Figures } from '@outcry/shared/runtime/figures.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import type { StoredBatch } from './archive/ports.ts';
import type { SealBacklog } from './seal/seal-store.ts';
import type { AttemptEnd } from './webhooks/https-courier.ts';
import type { Backlog } from './webhooks/queues.ts';

export type ArchiveFigures = ReturnType<typeof createMetrics>;
export type SealFigures = ReturnType<typeof createSealMetrics>;
export type DeliveryFigures = ReturnType<typeof createWebhookMetrics>;

/**
 * The worker's own figures.
 * @param behind messages that are not archived yet
 * @param unreported auctions whose archived watermark Redis was not told yet
 */
export function createMetrics(registry: Registry, behind: () => number, unreported: () => number) {
  const figures = new Figures(registry);
  figures.reading('outcry_archive_behind_messages', 'Messages not archived yet', behind);
  figures.reading('outcry_archive_unreported_auctions', 'Watermarks Redis lacks', unreported);
  const events = figures.counter(
    'outcry_archive_events_total',
    'Events that arrived: stored, or stored before',
    'result',
  );
  const conflicts = figures.counter(
    'outcry_archive_conflicts_total',
    'Events whose place in the archive holds other content',
  );
  const deadLetters = figures.counter(
    'outcry_archive_dead_letters_total',
    'Messages that can never be stored',
  );
  const retries = figures.counter(
    'outcry_archive_retries_total',
    'Failed attempts to store a batch',
  );
  const batch = figures.histogram(
    'outcry_archive_batch_messages',
    'Messages in one transaction',
    [1, 2, 5, 10, 20, 50, 100, 200, 500],
  );
  const lag = figures.histogram(
    'outcry_archive_lag_seconds',
    'From an event to its commit: the oldest new event of each batch',
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
  );
  for (const result of ['new', 'duplicate']) events.inc({ result }, 0);

  return {
    committed: (of: StoredBatch): void => {
      events.inc({ result: 'new' }, of.fresh);
      events.inc({ result: 'duplicate' }, of.duplicates);
      conflicts.inc(of.conflicts.length);
      deadLetters.inc(of.letters.length);
      batch.observe(of.messages);
      if (of.oldestAt !== undefined) {
        lag.observe(Math.max(0, wallClockNow() - Date.parse(of.oldestAt)) / 1000);
      }
    },
    retried: () => retries.inc(),
  };
}

/** What sealing adds to them. */
export function createSealMetrics(registry: Registry) {
  const figures = new Figures(registry);
  const auctions = figures.counter(
    'outcry_seal_auctions_total',
    'Auctions that this worker sealed',
  );
  const events = figures.counter(
    'outcry_seal_events_total',
    'Events of the auctions that this worker sealed',
  );
  const doubts = figures.counter(
    'outcry_seal_doubts_total',
    'Ended auctions that lack events, or that Redis knows otherwise than their seal',
  );
  const waiting = figures.gauge(
    'outcry_seal_waiting_auctions',
    'Auctions that are over and not sealed, as far as they are counted',
  );
  const lag = figures.gauge('outcry_seal_lag_seconds', 'Since the first of them was over');
  return {
    sealed: (count: number): void => {
      auctions.inc();
      events.inc(count);
    },
    /** An auction that should be whole and is not, or that Redis knows otherwise. */
    quarantined: () => doubts.inc(),
    /** Undefined: Postgres could not be asked. */
    waiting: (backlog: SealBacklog | undefined): void => {
      waiting.set(backlog?.auctions ?? NaN);
      lag.set(backlog?.oldestSeconds ?? NaN);
    },
  };
}

/** The figures of the process that delivers to webhooks. */
export function createWebhookMetrics(registry: Registry, behind: () => number) {
  const figures = new Figures(registry);
  figures.reading('outcry_webhooks_behind_messages', 'Messages of JetStream not rung for', behind);
  const attempts = figures.counter(
    'outcry_webhooks_attempts_total',
    'Attempts to deliver that ended',
    'result',
  );
  const seconds = figures.histogram(
    'outcry_webhooks_attempt_seconds',
    'From the look-up of a receiver to the end of its answer',
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  );
  const inFlight = figures.gauge('outcry_webhooks_queues_in_hand', 'Queues this process works on');
  const pending = figures.gauge(
    'outcry_webhooks_pending_messages',
    'Messages that wait for an attempt or for its end: one for each queue',
  );
  const dead = figures.gauge('outcry_webhooks_dead_letters', 'Messages that were given up');
  const oldest = figures.gauge(
    'outcry_webhooks_lag_seconds',
    'Since the oldest event happened that waits for an attempt',
  );
  for (const result of ['delivered', 'failed']) attempts.inc({ result }, 0);
  return {
    attempted: ({ ms }: AttemptEnd, ok: boolean): void => {
      attempts.inc({ result: ok ? 'delivered' : 'failed' });
      seconds.observe(ms / 1000);
    },
    inFlight: (count: number) => inFlight.set(count),
    backlog: (backlog: Backlog | undefined): void => {
      pending.set(backlog?.pending ?? NaN);
      dead.set(backlog?.dead ?? NaN);
      oldest.set(backlog?.oldestSeconds ?? NaN);
    },
  };
}
