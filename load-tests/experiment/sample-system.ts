/** Looks at the system once a second while it is under load. */
import type { Redis } from 'ioredis';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { cpuSeconds, machineCpuSeconds } from '../bench/process-cpu.ts';
import { residentMib } from '../bench/process-memory.ts';
import { metricIn, readMetrics } from '../service-metrics.ts';
import type { ExperimentSystem, PartName } from './experiment-system.ts';
import { readRedisHeads } from '../redis-heads.ts';

const EVERY_MS = 1_000;
const PARTS: readonly PartName[] = [
  'api-gateway',
  'broadcast-service',
  'archival-worker',
  'redis',
  'nats',
  // Postgres works in many processes, of which only the first is known here: it is left out.
];

export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Events that Redis has and JetStream, or Postgres, has not confirmed yet. */
  readonly unpublished: number;
  readonly unarchived: number;
  /** Commands in a script call, on average since the sample before; null when there was none. */
  readonly meanBatch: number | null;
  /** Cores in use since the sample before, by part; `machine` is everything that runs. */
  readonly cores: Readonly<Record<string, number>>;
  /** Resident memory in MiB, by part. */
  readonly memoryMib: Readonly<Record<string, number>>;
}

interface Reading {
  readonly at: number;
  readonly commands: number;
  readonly batches: number;
  readonly cpu: Readonly<Record<string, number>>;
}

export class SystemSampler {
  readonly samples: Sample[] = [];
  readonly #system: ExperimentSystem;
  readonly #redis: Redis;
  readonly #auctionIds: readonly string[];
  readonly #rounds = new Rounds(() => this.#round());
  #last: Reading | undefined;

  constructor(system: ExperimentSystem, redis: Redis, auctionIds: readonly string[]) {
    this.#system = system;
    this.#redis = redis;
    this.#auctionIds = auctionIds;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    // A sample that cannot be taken is a gap in the plots, and no reason to end the run.
    await this.#sample().catch(() => undefined);
    return EVERY_MS;
  }

  async #sample(): Promise<void> {
    const heads = await readRedisHeads(this.#redis, this.#auctionIds);
    const batch = await this.#readBatches();
    const cpu: Record<string, number> = { machine: machineCpuSeconds() ?? 0 };
    const memoryMib: Record<string, number> = {};
    for (const part of PARTS) {
      const pid = this.#system.pid(part);
      cpu[part] = cpuSeconds(pid) ?? 0;
      if (pid !== undefined) memoryMib[part] = residentMib(pid);
    }
    const at = Date.now();
    const last = this.#last;
    this.#last = { at, ...batch, cpu };
    if (last === undefined) return;
    const seconds = (at - last.at) / 1000;
    const batches = batch.batches - last.batches;
    const of = [...heads.values()];
    this.samples.push({
      at,
      unpublished: of.reduce((sum, { seq, publishedSeq }) => sum + seq - publishedSeq, 0),
      unarchived: of.reduce((sum, { seq, archivedSeq }) => sum + seq - archivedSeq, 0),
      meanBatch: batches > 0 ? (batch.commands - last.commands) / batches : null,
      cores: Object.fromEntries(
        // A part that was started anew counts from 0.
        Object.entries(cpu).map(([part, used]) => [
          part,
          Math.max(0, used - (last.cpu[part] ?? 0)) / seconds,
        ]),
      ),
      memoryMib,
    });
  }

  async #readBatches(): Promise<{ commands: number; batches: number }> {
    const metrics = await readMetrics(this.#system.url('api-gateway'));
    return {
      commands: metricIn(metrics, 'outcry_batch_commands_sum'),
      batches: metricIn(metrics, 'outcry_batch_commands_count'),
    };
  }
}
