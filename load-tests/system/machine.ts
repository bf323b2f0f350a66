/** What figures were measured on. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import connect from 'postgres';
import { ask } from '@outcry/local/servers/ask.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';

export interface Machine {
  readonly cpuModel: string;
  readonly cpus: number;
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

/**
 * @param folder on the disk whose speed matters
 * @param urls of those servers that run
 * @throws Error when Postgres is silent
 */
export const describeMachine = async (
  folder: string,
  urls: { readonly redis?: string; readonly nats?: string; readonly postgres?: string },
): Promise<Machine> => ({
  cpuModel: cpus()[0]?.model.trim() ?? 'unknown CPU',
  cpus: availableParallelism(),
  memoryGib: Math.round(totalmem() / GIB),
  system: `${type()} ${release()}`,
  node: process.versions.node,
  servers: {
    ...(urls.redis && { Redis: await heard(urls.redis, 'INFO server\r\n', /redis_version:(\S+)/) }),
    // NATS greets with a line that names its version.
    ...(urls.nats && { NATS: await heard(urls.nats, '', /"version":"([^"]+)"/) }),
    ...(urls.postgres && { Postgres: await postgresVersion(urls.postgres) }),
  },
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

async function heard(url: string, question: string, version: RegExp): Promise<string> {
  const answer = await ask(Number(new URL(url).port), question, (text) => version.test(text));
  return version.exec(answer ?? '')?.[1] ?? 'unknown';
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
