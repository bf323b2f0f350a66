/** What figures were measured on. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import connect from 'postgres';
import { ask } from '@outcry/local/servers/ask.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { readyRedis } from './redis.ts';

export interface Processors {
  readonly cpuModel: string;
  readonly cpus: number;
}

export interface Machine extends Processors {
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Versions of the servers that were used, by name. */
  readonly servers: Readonly<Record<string, string>>;
  /** Appending a block to a file and having it on disk, median. */
  readonly fsyncMs: number;
}

const FSYNCS = 100;
const BLOCK = Buffer.alloc(4_096);
const GIB = 1024 ** 3;
const QUERY_LIMIT_S = 5;

export const processors = (): Processors => ({
  cpuModel: cpus()[0]?.model.trim() ?? 'unknown CPU',
  cpus: availableParallelism(),
});

/**
 * @param folder on the disk whose speed matters
 * @param servers versions by name
 */
export const describeMachine = (
  folder: string,
  servers: Readonly<Record<string, string>> = {},
): Machine => ({
  ...processors(),
  memoryGib: Math.round(totalmem() / GIB),
  system: `${type()} ${release()}`,
  node: process.versions.node,
  servers,
  fsyncMs: fsyncTime(folder),
});

export function machineText(machine: Machine): string {
  const { cpuModel, cpus: cores, memoryGib, system, node, fsyncMs } = machine;
  const servers = Object.entries(machine.servers).map(([name, version]) => `${name} ${version}`);
  return [
    `${cpuModel}, ${cores} cores, ${memoryGib} GiB, ${system}`,
    [`Node ${node}`, ...servers, `an fsync takes ${fsyncMs.toFixed(2)} ms`].join(', '),
  ].join('\n');
}

/** Versions of servers, by name. @param urls of those that run @throws Error when one is silent */
export async function versionsOf(urls: {
  readonly redis?: string;
  readonly nats?: string;
  readonly postgres?: string;
}): Promise<Record<string, string>> {
  const { redis, nats, postgres } = urls;
  return {
    ...(redis !== undefined && { Redis: await redisVersion(redis) }),
    ...(nats !== undefined && { NATS: await natsVersion(nats) }),
    ...(postgres !== undefined && { Postgres: await postgresVersion(postgres) }),
  };
}

async function redisVersion(url: string): Promise<string> {
  const redis = await readyRedis(url, 'version');
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}

/** NATS greets with a line that names its version. */
async function natsVersion(url: string): Promise<string> {
  const greeting = await ask(Number(new URL(url).port), '', (text) => text.includes('\r\n'));
  return /"version":"([^"]+)"/.exec(greeting ?? '')?.[1] ?? 'unknown';
}

async function postgresVersion(url: string): Promise<string> {
  const sql = connect(url, { max: 1, connect_timeout: QUERY_LIMIT_S });
  try {
    const [row] = await sql<{ version: string }[]>`
      SELECT split_part(current_setting('server_version'), ' ', 1) AS version`;
    return row?.version ?? 'unknown';
  } finally {
    await sql.end({ timeout: QUERY_LIMIT_S });
  }
}

function fsyncTime(folder: string): number {
  const path = join(folder, 'fsync');
  const file = openSync(path, 'a');
  try {
    const times = Array.from({ length: FSYNCS }, () => {
      const from = performance.now();
      writeSync(file, BLOCK);
      fsyncSync(file);
      return performance.now() - from;
    });
    return percentile(times, 0.5);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
