import type { Registry } from 'prom-client';
import { Figures } from '@outcry/shared/runtime/figures.ts';
import type { GroupCommit } from './bidding/group-commit.ts';
import { codeOf } from './bidding/parse-answers.ts';
import type { EventStream } from './hand-off/event-stream.ts';
import type { PublishEntries } from './hand-off/publish-entries.ts';
import type { CatchUpArchive } from './keeper/catch-up-archive.ts';
import type { Keeper } from './keeper/keeper.ts';

export type Metrics = ReturnType<typeof createMetrics>;

/** The gateway's own figures. */
export function createMetrics(registry: Registry) {
  const figures = new Figures(registry);
  const commands = figures.counter(
    'outcry_commands_total',
    'Commands decided, by result',
    'result',
  );
  const batchSize = figures.histogram(
    'outcry_batch_commands',
    'Commands taken from a line at once',
    [1, 2, 4, 8, 16, 32, 64, 128],
  );
  const scriptTime = figures.histogram(
    'outcry_script_seconds',
    'From sending a script call until its answer, fsync included',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
  );
  const missed = figures.counter(
    'outcry_keeper_published_entries_total',
    'Log entries that the hand-off had missed and the keeper published',
  );
  const repaired = figures.counter(
    'outcry_keeper_repaired_entries_total',
    'Log entries published again because JetStream had lost them',
  );
  const forgotten = figures.counter(
    'outcry_keeper_forgotten_auctions_total',
    'Sealed auctions whose keys were dropped',
  );
  const lateness = figures.histogram(
    'outcry_keeper_lateness_seconds',
    'From the time an auction should have opened or closed until the keeper did it',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
  );
  return {
    /** Counts a script call. @param tookMs until its answer; undefined when there was none */
    called: (count: number, tookMs: number | undefined): void => {
      batchSize.observe(count);
      if (tookMs !== undefined) scriptTime.observe(tookMs / 1000);
    },
    /** Counts an auction's answers, still as the script wrote them. */
    decided: (answers: readonly string[]): void => {
      for (const [result, count] of countByResult(answers)) commands.inc({ result }, count);
    },
    missed: (entries: number): void => missed.inc(entries),
    repaired: (entries: number): void => repaired.inc(entries),
    forgotten: (auctions: number): void => forgotten.inc(auctions),
    /** An auction was opened or closed so long after its time. */
    actedLate: (lateMs: number): void => lateness.observe(lateMs / 1000),
  };
}

/** Figures that are read of the gateway's parts when somebody looks. */
export function addReadings(
  registry: Registry,
  parts: {
    readonly engine: GroupCommit;
    readonly publisher: PublishEntries;
    readonly stream: EventStream;
    readonly keeper: Keeper;
    readonly catchUp: CatchUpArchive;
    readonly memory: { readonly share: number | undefined };
  },
): void {
  const { engine, publisher, stream, keeper, catchUp, memory } = parts;
  const readings: readonly (readonly [string, string, () => number | undefined])[] = [
    ['outcry_commands_waiting', 'Commands that wait for a script call', () => engine.waiting],
    ['outcry_handoff_left_to_keeper', 'Entries left to the keeper', () => publisher.leftToKeeper],
    ['outcry_handoff_in_flight', 'Entries on their way to JetStream', () => publisher.inFlight],
    ['outcry_handoff_open', '1 while JetStream takes events', () => Number(stream.open)],
    [
      'outcry_keeper_shards',
      'Shards whose lease this gateway holds',
      () => keeper.heldShards.length,
    ],
    ...LAGS.map(([name, help, of]) => [name, help, () => catchUp.lag?.[of]] as const),
    [
      'outcry_redis_memory_used_ratio',
      'Used memory of the fullest master by its maxmemory',
      () => memory.share,
    ],
  ];
  const figures = new Figures(registry);
  for (const each of readings) figures.reading(...each);
}

/** Of the log in the held shards; not a number while Redis does not answer. */
const LAGS = [
  ['outcry_log_unpublished_events', 'Events without a receipt of JetStream', 'unpublishedEvents'],
  ['outcry_log_unpublished_seconds', 'Age of the oldest of them', 'unpublishedSeconds'],
  ['outcry_log_unarchived_events', 'Events that are not known to be archived', 'unarchivedEvents'],
  ['outcry_log_unarchived_seconds', 'Age of the oldest of them', 'unarchivedSeconds'],
] as const;

/** A call of a hot auction has one or two. */
function countByResult(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const result = codeOf(answer);
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }
  return counts;
}
