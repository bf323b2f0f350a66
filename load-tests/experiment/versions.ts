/** Versions of the servers that a run used. */
import type { Redis } from 'ioredis';
import connect from 'postgres';
import { ask } from '@outcry/local/servers/ask.ts';
import type { ExperimentSystem } from './experiment-system.ts';

const QUERY_LIMIT_S = 5;

/** By name. @throws Error when one does not answer */
export async function serverVersions(
  system: ExperimentSystem,
  redis: Redis,
): Promise<Readonly<Record<string, string>>> {
  const info = await redis.info('server');
  const greeting = await ask(Number(new URL(system.url('nats')).port), '', (text) =>
    text.includes('\r\n'),
  );
  return {
    Redis: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown',
    NATS: /"version":"([^"]+)"/.exec(greeting ?? '')?.[1] ?? 'unknown',
    Postgres: await postgresVersion(system.url('postgres')),
  };
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
