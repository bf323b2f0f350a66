/** The servers that viewers are measured on, each a process of its own, on one Redis. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import type { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import { openWindow, residentMib } from '../../system/process-use.ts';
import { readyRedis } from '../../system/redis.ts';
import { SHARDS, typescriptArguments, type TestBed } from '../../system/test-bed.ts';
import type { RoundFigures, RoundOptions } from '../measurement.ts';

const BARE = new URL('./bare-ws-server.ts', import.meta.url);
const BROADCASTER = new URL('./measured-broadcaster.ts', import.meta.url);
const ANSWER_LIMIT_MS = 5_000;
const BIDS_PER_SECOND = 50;

/** For how long a process's event loop was held at a stretch, since the last time it was asked. */
interface Held {
  readonly maxMs: number;
  /** The longest in CPU time: what it was held by itself, and not by the machine's other programs. */
  readonly maxCpuMs: number;
  readonly p99Ms: number;
  /** The longest collection of garbage, which is part of it. */
  readonly longestGcMs: number;
}

export interface Broadcaster {
  readonly server: LocalServer;
  held(): Promise<Held>;
}

/** Bids are made with the decide script, without a gateway. */
const stageOn = (bed: TestBed) =>
  bed.shared('fan-out', async () => {
    const { url } = await bed.redis('redis-of-fan-out', { whole: true });
    const redis = await readyRedis(url, 'bench');
    bed.onClose(() => redis.disconnect());
    return { url, auctions: new ScriptedAuctions(redis, SHARDS) };
  });

export const auctionsOn = async (bed: TestBed): Promise<ScriptedAuctions> =>
  (await stageOn(bed)).auctions;

export async function bareOn(bed: TestBed): Promise<LocalServer> {
  const { url } = await stageOn(bed);
  return bed.bareServer('bare-ws', BARE, [url, `${SHARDS}`]);
}

export async function broadcasterOn(
  bed: TestBed,
  name: string,
  limits: 'as-shipped' | 'unlimited',
  env: Readonly<Record<string, string>> = {},
): Promise<Broadcaster> {
  const { url: redis } = await stageOn(bed);
  const file = join(bed.folder, `${name}-held.json`);
  const run = [...typescriptArguments(BROADCASTER), limits, file];
  const server = await bed.service('broadcast-service', { redis }, { name, run, env });
  await bed.start(server);
  const held = async (): Promise<Held> => {
    const pid = server.pid();
    if (pid === undefined) throw new Error('the broadcaster has ended');
    await rm(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    const written = async (): Promise<string | false> => {
      const text = await readFile(file, 'utf8').catch(() => '');
      return text.endsWith('}') && text;
    };
    const what = 'what the broadcaster says of its event loop';
    return JSON.parse(await waitUntil(written, { withinMs: ANSWER_LIMIT_MS, what })) as Held;
  };
  return { server, held };
}

/** Bids that arrive steadily, until this many viewers have the last one. */
export async function steadyBids(
  bed: TestBed,
  nodes: readonly Broadcaster[],
  crowd: ViewerCrowd,
  { seconds, signal }: Pick<RoundOptions, 'seconds' | 'signal'>,
  viewers = crowd.size,
): Promise<RoundFigures> {
  const allHeld = (): Promise<Held[]> => Promise.all(nodes.map((node) => node.held()));
  await allHeld();
  crowd.startOver();
  const framesBefore = crowd.frames;
  const pids = nodes.map(({ server }) => server.pid());
  const close = openWindow({ broadcasters: pids, crowd: [process.pid] });
  await crowd.bidSteadily(await auctionsOn(bed), BIDS_PER_SECOND, seconds, signal);
  const used = close();
  const frames = crowd.frames - framesBefore;
  await crowd.haveLast(viewers);
  const held = await allHeld();
  const longest = (name: keyof Held): number => Math.max(...held.map((each) => each[name]));
  return {
    perSecond: frames / used.seconds,
    cores: used.cores,
    figures: {
      'p50 ms': crowd.delay(0.5),
      'p99 ms': crowd.delay(0.99),
      'longest ms': crowd.delay(1),
      'event loop held, longest ms': longest('maxMs'),
      'the same in CPU time, ms': longest('maxCpuMs'),
      'event loop held, p99 ms': longest('p99Ms'),
      'garbage collection, longest ms': longest('longestGcMs'),
      'memory of all, MiB': pids.map(residentMib).reduce((sum, mib) => sum + mib, 0),
    },
  };
}
