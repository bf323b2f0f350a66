import { join } from 'node:path';
import { canConnect } from './processes/ports.ts';
import { waitUntil } from './processes/wait-until.ts';
import type { LocalServer } from './servers/local-server.ts';
import { startNats } from './servers/nats.ts';
import { startPostgres } from './servers/postgres.ts';
import { startRedis } from './servers/redis.ts';

/** Usual ports, and the variables that set them or name a server that somebody else runs. */
export const SERVERS = {
  redis: { port: 6379, portIn: 'REDIS_PORT', urlIn: 'REDIS_URL', start: startRedis },
  nats: { port: 4222, portIn: 'NATS_PORT', urlIn: 'NATS_URL', start: startNats },
  postgres: { port: 5432, portIn: 'POSTGRES_PORT', urlIn: 'DATABASE_URL', start: startPostgres },
} as const;
type Name = keyof typeof SERVERS;

export interface ServersOptions {
  /** Data goes to `<folder>/data/<name>`, logs to `<folder>/logs/<name>.log`. */
  folder: string;
  ports?: Readonly<Record<string, number>>;
  /** URLs of servers that somebody else runs. */
  given?: Readonly<Partial<Record<Name, string | undefined>>>;
  /** Whether Postgres fsyncs (default `true`); `false` for tests that do not kill it. */
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
  const names = Object.keys(SERVERS) as Name[];
  const outcomes = await Promise.allSettled(names.map((name) => start(options, name)));
  const started = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return started;
  await Promise.all(started.map(({ server }) => server.stop()));
  throw failure.reason;
}

async function start(
  { folder, ports = {}, given = {}, durable = true, say }: ServersOptions,
  name: Name,
): Promise<StartedServer> {
  const url = given[name] ?? '';
  if (url !== '') {
    say(`${name}: using the one that ${SERVERS[name].urlIn} names`);
    return { server: await givenServer(name, url), given: true };
  }
  const port = ports[name];
  say(`${name}: starting${port === undefined ? '' : ` on 127.0.0.1:${port}`}`);
  const server = await SERVERS[name].start({
    dataDir: join(folder, 'data', name),
    log: join(folder, 'logs', `${name}.log`),
    say: (line) => say(`${name}: ${line}`),
    durable,
    ...(port !== undefined && { port }),
  });
  say(`${name}: answers on 127.0.0.1:${server.port}`);
  return { server, given: false };
}

/** A server that somebody else runs, found by its URL: it is neither stopped nor restarted. */
async function givenServer(name: Name, url: string): Promise<LocalServer> {
  const { urlIn } = SERVERS[name];
  const { hostname, port: given } = new URL(url);
  const port = given === '' ? SERVERS[name].port : Number(given);
  try {
    await waitUntil(() => canConnect(port, hostname), { withinMs: 5000, everyMs: 200, what: name });
  } catch (cause) {
    throw new Error(`${urlIn} names ${hostname}:${port}, but nothing answers there.`, { cause });
  }
  return {
    name,
    url,
    port,
    pid: () => undefined,
    stop: () => Promise.resolve(),
    start: () => Promise.resolve(),
    kill: () => Promise.reject(new Error(`${name} was given by ${urlIn} and is not ours`)),
    onExit: () => () => {},
  };
}
