import { join } from 'node:path';
import { givenServer } from './servers/given-server.ts';
import type { LocalServer } from './servers/local-server.ts';
import { startNats } from './servers/nats.ts';
import { startPostgres } from './servers/postgres.ts';
import { startRedis } from './servers/redis.ts';

/** URLs of servers that somebody else runs. */
export interface GivenUrls {
  redis?: string | undefined;
  nats?: string | undefined;
  postgres?: string | undefined;
}

export interface ServersOptions {
  /** Data goes to `<folder>/data/<name>`, logs to `<folder>/logs/<name>.log`. */
  folder: string;
  ports?: Readonly<Record<string, number>>;
  given?: GivenUrls;
  durable?: boolean;
  say: (line: string) => void;
}

export interface StartedServer {
  server: LocalServer;
  /** Whether somebody else runs it. */
  given: boolean;
}

/**
 * Starts Redis, NATS and Postgres beside each other, or finds those that are given.
 *
 * @returns them in this order
 * @throws PortTakenError; Error when one does not start. Those that did are stopped again.
 */
export async function startServers(options: ServersOptions): Promise<StartedServer[]> {
  const { given = {}, durable = true } = options;
  const outcomes = await Promise.allSettled([
    start(options, 'redis', startRedis, given.redis, 'REDIS_URL', 6379),
    start(options, 'nats', startNats, given.nats, 'NATS_URL', 4222),
    start(
      options,
      'postgres',
      (common) => startPostgres({ ...common, durable }),
      given.postgres,
      'DATABASE_URL',
      5432,
    ),
  ]);
  const started = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return started;
  await Promise.all(started.map(({ server }) => server.stop()));
  throw failure.reason;
}

async function start(
  { folder, ports = {}, say }: ServersOptions,
  name: string,
  startServer: (common: {
    dataDir: string;
    log: string;
    say: (line: string) => void;
    port?: number;
  }) => Promise<LocalServer>,
  givenUrl: string | undefined,
  variable: string,
  defaultPort: number,
): Promise<StartedServer> {
  if (givenUrl !== undefined && givenUrl !== '') {
    say(`${name}: using the one that ${variable} names`);
    const server = await givenServer(name, givenUrl, variable, defaultPort);
    return { server, given: true };
  }
  const port = ports[name];
  say(`${name}: starting${port === undefined ? '' : ` on 127.0.0.1:${port}`}`);
  const server = await startServer({
    dataDir: join(folder, 'data', name),
    log: join(folder, 'logs', `${name}.log`),
    say: (line) => say(`${name}: ${line}`),
    ...(port !== undefined && { port }),
  });
  say(`${name}: answers on 127.0.0.1:${server.port}`);
  return { server, given: false };
}
