/** Looks at the system once a second while it is under load. */
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { readRedisHeads } from '../accounts/redis-heads.ts';
import { memoryOf, openWindow, type Used } from '../system/process-use.ts';
import type { WholeSystem } from '../system/whole-system.ts';

const EVERY_MS = 1_000;

export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Events that Redis has and JetStream, or Postgres, has not confirmed yet. */
  readonly unpublished: number;
  readonly unarchived: number;
  /** Commands in a script call, on average since the sample before; null when there was none. */
  readonly meanBatch: number | null;
  /** To viewers since the sample before; null where that is not known. */
  readonly messagesPerSecond: number | null;
  /** Cores in use since the sample before, by part. */
  readonly cores: Readonly<Record<string, number>>;
  /** Resident memory in MiB, by part. */
  readonly memoryMib: Readonly<Record<string, number>>;
}

/** Counters of all gateways and broadcasters; NaN while one is down. */
interface Counters {
  readonly commands: number;
  readonly batches: number;
  readonly messages: number;
}

export class SystemSampler {
  readonly samples: Sample[] = [];
  /** The process that makes the load, once it runs. */
  k6: number | undefined;
  readonly #system: WholeSystem;
  readonly #auctionIds: readonly string[];
  readonly #rounds = new Rounds(() => this.#round());
  #last: (Counters & { readonly close: () => Used }) | undefined;

  constructor(system: WholeSystem, auctionIds: readonly string[]) {
    this.#system = system;
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
    const heads = [...(await readRedisHeads(this.#system.redis, this.#auctionIds)).values()];
    const counters = await this.#counters();
    const processes = { ...this.#system.processes, k6: [this.k6], viewers: [process.pid] };
    const last = this.#last;
    const used = last?.close();
    this.#last = { ...counters, close: openWindow(processes) };
    if (last === undefined || used === undefined) return;
    const batches = counters.batches - last.batches;
    const messages = (counters.messages - last.messages) / used.seconds;
    this.samples.push({
      at: Date.now(),
      unpublished: heads.reduce((sum, { seq, publishedSeq }) => sum + seq - publishedSeq, 0),
      unarchived: heads.reduce((sum, { seq, archivedSeq }) => sum + seq - archivedSeq, 0),
      meanBatch: batches > 0 ? (counters.commands - last.commands) / batches : null,
      messagesPerSecond: messages >= 0 ? messages : null,
      cores: used.cores,
      memoryMib: memoryOf(processes),
    });
  }

  async #counters(): Promise<Counters> {
    const sum = async (service: 'api-gateway' | 'broadcast-service', name: string) => {
      const each = this.#system.all(service).map(({ url }) => figure(url, name).catch(() => NaN));
      return (await Promise.all(each)).reduce((all, one) => all + one, 0);
    };
    return {
      commands: await sum('api-gateway', 'outcry_batch_commands_sum'),
      batches: await sum('api-gateway', 'outcry_batch_commands_count'),
      messages: await sum('broadcast-service', 'outcry_feed_messages_out_total'),
    };
  }
}
