import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The gateway's own figures; names and units by Prometheus's convention. */
export interface GatewayMetrics {
  readonly commands: Counter<'result'>;
  readonly batchSize: Histogram;
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
  return {
    commands: new Counter({
      name: 'outcry_commands_total',
      help: 'Commands decided, by result',
      labelNames: ['result'],
      registers,
    }),
    batchSize: new Histogram({
      name: 'outcry_batch_commands',
      help: 'Commands in one script call',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    }),
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
