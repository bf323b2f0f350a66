/** Looks at the system once a second while it is under load. */
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { figureIn, scrape, type Exposition } from '@outcry/shared/testing/metrics.ts';
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

/** Looks until it is stopped; `k6` is the process that makes the load, once it runs. */
export function sampleSystem(system: WholeSystem, auctionIds: readonly string[]) {
  const sampling = { samples: new Array<Sample>(), k6: undefined as number | undefined };
  let last: { readonly counters: Counters; readonly close: () => Used } | undefined;

  async function sample(): Promise<void> {
    const heads = [...(await readRedisHeads(system.redis, auctionIds)).values()];
    const counters = await countersOf(system);
    const processes = { ...system.processes, k6: [sampling.k6], viewers: [process.pid] };
    const before = last;
    const used = before?.close();
    last = { counters, close: openWindow(processes) };
    if (before === undefined || used === undefined) return;
    const more = (name: keyof Counters): number => counters[name] - before.counters[name];
    const messages = more('messages') / used.seconds;
    sampling.samples.push({
      at: Date.now(),
      unpublished: heads.reduce((sum, { seq, publishedSeq }) => sum + seq - publishedSeq, 0),
      unarchived: heads.reduce((sum, { seq, archivedSeq }) => sum + seq - archivedSeq, 0),
      meanBatch: more('batches') > 0 ? more('commands') / more('batches') : null,
      messagesPerSecond: messages >= 0 ? messages : null,
      cores: used.cores,
      memoryMib: memoryOf(processes),
    });
  }

  const rounds = new Rounds(async () => {
    // A sample that cannot be taken is a gap in the plots, and no reason to end the run.
    await sample().catch(() => undefined);
    return EVERY_MS;
  });
  rounds.start();
  return Object.assign(sampling, { stop: () => rounds.stop() });
}

/** Of all gateways and broadcasters; NaN while one is down. */
type Counters = Readonly<Record<'commands' | 'batches' | 'messages', number>>;

async function countersOf(system: WholeSystem): Promise<Counters> {
  const scrapeAll = (service: 'api-gateway' | 'broadcast-service') =>
    Promise.all(system.all(service).map(({ url }) => scrape(url).catch(() => undefined)));
  // Each process is read once: figures that are compared must be of one moment.
  const [gateways, broadcasters] = await Promise.all([
    scrapeAll('api-gateway'),
    scrapeAll('broadcast-service'),
  ]);
  return {
    commands: sumOf(gateways, 'outcry_batch_commands_sum'),
    batches: sumOf(gateways, 'outcry_batch_commands_count'),
    messages: sumOf(broadcasters, 'outcry_feed_messages_out_total'),
  };
}

const sumOf = (scrapes: readonly (Exposition | undefined)[], name: string): number =>
  scrapes.reduce((sum, one) => sum + (one === undefined ? NaN : figureIn(one, name)), 0);
