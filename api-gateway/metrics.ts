import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The gateway's own figures; names and units by Prometheus's convention. */
export interface GatewayMetrics {
  /** Counts a script call's answers, still as the script wrote them. */
  decided(answers: readonly string[]): void;
  readonly missedEntries: Counter;
  readonly repairedEntries: Counter;
  readonly forgottenAuctions: Counter;
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
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const commands = new Counter({
    name: 'outcry_commands_total',
    help: 'Commands decided, by result',
    labelNames: ['result'],
    registers,
  });
  const batchSize = new Histogram({
    name: 'outcry_batch_commands',
    help: 'Commands in one script call',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers,
  });
  return {
    decided: (answers) => {
      batchSize.observe(answers.length);
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
  };
}

/** `+CODE|…` and `=CODE|…` by code: a call of a hot auction has one or two. */
function countByResult(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const result = answer.slice(1, answer.indexOf('|'));
    counts.set(result, (counts.get(result) ?? 0) + 1);
  }
  return counts;
}
