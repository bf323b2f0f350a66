import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionDecider } from './bidding/auction-commands.ts';
import { codeOf } from './bidding/receipts.ts';
import type { LogLag } from './keeper/log-lag.ts';

/** The gateway's own figures; names and units by Prometheus's convention. */
export interface GatewayMetrics {
  /** Counts a script call. */
  called(commands: number): void;
  /** Counts an auction's answers, still as the script wrote them. */
  decided(answers: readonly string[]): void;
  readonly missedEntries: Counter;
  readonly repairedEntries: Counter;
  readonly forgottenAuctions: Counter;
  readonly keeperLateness: Histogram;
  readonly scriptTime: Histogram;
}

/** @param gauges read when somebody looks */
export function createMetrics(
  registry: Registry,
  gauges: {
    waiting: () => number;
    leftToKeeper: () => number;
    inFlight: () => number;
    isOpen: () => boolean;
    heldShards: () => number;
    lag: () => LogLag | undefined;
    memoryShare: () => number | undefined;
  },
): GatewayMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    const collect = (): void => made.set(read());
    const made = new Gauge({ name, help, registers, collect });
  };
  gauge('outcry_commands_waiting', 'Commands that wait for a script call', gauges.waiting);
  gauge('outcry_handoff_left_to_keeper', 'Entries left to the keeper', gauges.leftToKeeper);
  gauge('outcry_handoff_in_flight', 'Entries on their way to JetStream', gauges.inFlight);
  gauge('outcry_handoff_open', '1 while JetStream takes events', () => (gauges.isOpen() ? 1 : 0));
  gauge('outcry_keeper_shards', 'Shards whose lease this gateway holds', gauges.heldShards);
  for (const { name, help, of } of LAGS) gauge(name, help, () => gauges.lag()?.[of] ?? NaN);
  gauge(
    'outcry_redis_memory_used_ratio',
    'Used memory of the fullest master by its maxmemory',
    () => gauges.memoryShare() ?? NaN,
  );
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const commands = new Counter({
    name: 'outcry_commands_total',
    help: 'Commands decided, by result',
    labelNames: ['result'],
    registers,
  });
  const batchSize = new Histogram({
    name: 'outcry_batch_commands',
    help: 'Commands taken from a line at once',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers,
  });
  return {
    called: (commands) => batchSize.observe(commands),
    decided: (answers) => {
      for (const [result, count] of countByResult(answers)) commands.inc({ result }, count);
    },
    missedEntries: counter(
      'outcry_keeper_published_entries_total',
      'Log entries that the hand-off had missed and the keeper published',
    ),
    repairedEntries: counter(
      'outcry_keeper_repaired_entries_total',
      'Log entries published again because JetStream had lost them',
    ),
    forgottenAuctions: counter(
      'outcry_keeper_forgotten_auctions_total',
      'Sealed auctions whose keys were dropped',
    ),
    keeperLateness: new Histogram({
      name: 'outcry_keeper_lateness_seconds',
      help: 'From the time an auction should have opened or closed until the keeper did it',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
      registers,
    }),
    scriptTime: new Histogram({
      name: 'outcry_script_seconds',
      help: 'From sending a script call until its answer, fsync included',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
      registers,
    }),
  };
}

/** Gauges of the log in the held shards; not a number while Redis does not answer. */
const LAGS = [
  {
    name: 'outcry_log_unpublished_events',
    help: 'Events without a receipt of JetStream',
    of: 'unpublishedEvents',
  },
  {
    name: 'outcry_log_unpublished_seconds',
    help: 'Age of the oldest of them',
    of: 'unpublishedSeconds',
  },
  {
    name: 'outcry_log_unarchived_events',
    help: 'Events that are not known to be archived',
    of: 'unarchivedEvents',
  },
  {
    name: 'outcry_log_unarchived_seconds',
    help: 'Age of the oldest of them',
    of: 'unarchivedSeconds',
  },
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
