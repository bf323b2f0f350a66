import type { Registry } from 'prom-client';
import { Figures } from '@outcry/shared/runtime/figures.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionDecider } from './bidding/auction-commands.ts';
import { codeOf } from './bidding/parse-answers.ts';
import type { LogLag } from './keeper/log-lag.ts';

/** The gateway's own figures. @param read when somebody looks */
export function createMetrics(
  registry: Registry,
  read: {
    waiting: () => number;
    leftToKeeper: () => number;
    inFlight: () => number;
    isOpen: () => boolean;
    heldShards: () => number;
    lag: () => LogLag | undefined;
    memoryShare: () => number | undefined;
  },
) {
  const figures = new Figures(registry);
  const readings: readonly (readonly [string, string, () => number | undefined])[] = [
    ['outcry_commands_waiting', 'Commands that wait for a script call', read.waiting],
    ['outcry_handoff_left_to_keeper', 'Entries left to the keeper', read.leftToKeeper],
    ['outcry_handoff_in_flight', 'Entries on their way to JetStream', read.inFlight],
    ['outcry_handoff_open', '1 while JetStream takes events', () => (read.isOpen() ? 1 : 0)],
    ['outcry_keeper_shards', 'Shards whose lease this gateway holds', read.heldShards],
    ...LAGS.map(([name, help, of]) => [name, help, () => read.lag()?.[of]] as const),
    [
      'outcry_redis_memory_used_ratio',
      'Used memory of the fullest master by its maxmemory',
      read.memoryShare,
    ],
  ];
  for (const each of readings) figures.reading(...each);
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
  return {
    /** Counts a script call. */
    called: (commands: number): void => batchSize.observe(commands),
    /** Counts an auction's answers, still as the script wrote them. */
    decided: (answers: readonly string[]): void => {
      for (const [result, count] of countByResult(answers)) commands.inc({ result }, count);
    },
    missedEntries: figures.counter(
      'outcry_keeper_published_entries_total',
      'Log entries that the hand-off had missed and the keeper published',
    ),
    repairedEntries: figures.counter(
      'outcry_keeper_repaired_entries_total',
      'Log entries published again because JetStream had lost them',
    ),
    forgottenAuctions: figures.counter(
      'outcry_keeper_forgotten_auctions_total',
      'Sealed auctions whose keys were dropped',
    ),
    keeperLateness: figures.histogram(
      'outcry_keeper_lateness_seconds',
      'From the time an auction should have opened or closed until the keeper did it',
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    ),
    scriptTime: figures.histogram(
      'outcry_script_seconds',
      'From sending a script call until its answer, fsync included',
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
    ),
  };
}

/** Of the log in the held shards; not a number while Redis does not answer. */
const LAGS = [
  ['outcry_log_unpublished_events', 'Events without a receipt of JetStream', 'unpublishedEvents'],
  ['outcry_log_unpublished_seconds', 'Age of the oldest of them', 'unpublishedSeconds'],
  ['outcry_log_unarchived_events', 'Events that are not known to be archived', 'unarchivedEvents'],
  ['outcry_log_unarchived_seconds', 'Age of the oldest of them', 'unarchivedSeconds'],
] as const;

/** @param took hears the seconds of each call that was answered */
export const timedDecider = (
  decider: AuctionDecider,
  took: (seconds: number) => void,
): AuctionDecider => ({
  decide: async (batches) => {
    const since = monotonicNow();
    const decisions = await decider.decide(batches);
    const isAnswered = Array.from(decisions.values()).some(({ kind }) => kind === 'decided');
    if (isAnswered) took((monotonicNow() - since) / 1000);
    return decisions;
  },
});

/** A call of a hot auction has one or two. */
function countByResult(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const result = codeOf(answer);
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }
  return counts;
}
