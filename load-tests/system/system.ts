/** Servers and built services that experiments run on, each a process of its own: the one starter. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { Cluster, type Redis } from 'ioredis';
import type { Sql } from 'postgres';
import { toolSettings } from '@outcry/archival-worker/config.ts';
import { runVerify } from '@outcry/archival-worker/create-verify.ts';
import { differenceText } from '@outcry/archival-worker/verify/difference.ts';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { onDatabase } from '@outcry/local/servers/databases.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNatsCluster, type LocalNatsCluster } from '@outcry/local/servers/nats-cluster.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedisCluster, type LocalCluster } from '@outcry/local/servers/redis-cluster.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { createSupervisor } from '@outcry/local/supervisor.ts';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import type { ConnectionUse, RedisClient } from '@outcry/shared/runtime/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import type { Parts } from './machine.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Of every system here; some auctions are looked up in Redis past all of Outcry's own code. */
export const SHARDS = 16;
/** In this order: the worker declares the empty Redis whole, which the gateways wait for. */
const SERVICES = ['archival-worker', 'api-gateway', 'broadcast-service'] as const;
const READY_WITHIN_MS = 60_000;
const REDIS_WITHIN_MS = 10_000;

export type ServiceName = (typeof SERVICES)[number];
/** The first process of a service has the service's name, the second one a `-2` behind it. */
export type PartName = 'redis' | 'nats' | 'postgres' | ServiceName | `${ServiceName}-${number}`;
type Env = Readonly<Record<string, string>>;
/** Of each service one always runs. */
export const TWO_OF_EACH = { 'api-gateway': 2, 'broadcast-service': 2, 'archival-worker': 2 };

export interface BedOptions {
  readonly say?: ((line: string) => void) | undefined;
  /** Ends a build early. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the services are built first. */
  readonly build?: boolean;
  /** Whether parts that end unasked are started again, as they are for users. */
  readonly restart?: boolean;
  /** Node writes CPU profiles of the services into this folder when they stop. */
  readonly profiles?: string | undefined;
}

/** Where a service finds its servers. */
export interface Addresses {
  readonly redis: string;
  readonly nats?: string | undefined;
  readonly postgres?: string | undefined;
}

/** Arguments with which another Node process runs a TypeScript file of this package. */
export const typescriptArguments = (file: URL): string[] => [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(file),
];

export type TestBed = Awaited<ReturnType<typeof openBed>>;

/**
 * Single servers and services; {@link startWholeSystem} starts all of them together. Data lies in the checkout
 * and not in a temporary folder, which may be in memory.
 * @param bedName of its folder, in part @throws Error when the services cannot be built
 */
export async function openBed(bedName: string, options: BedOptions = {}) {
  const { say = () => undefined, restart = false, profiles, signal } = options;
  const local = join(ROOT, '.local');
  await mkdir(join(local, 'logs'), { recursive: true });
  if (options.build === true) {
    say('building');
    await runScript('build', { root: ROOT, log: join(local, 'logs', 'build.log'), signal });
  }
  const folder = await mkdtemp(join(local, `${bedName}-`));
  const secret = randomBytes(32).toString('hex');
  const urls: { redis?: string; nats?: string; postgres?: string } = {};
  const supervisor = createSupervisor({ say, restart });
  const started = new Map<string, Promise<unknown>>();
  const closing: (() => unknown)[] = [];
  const onClose = (close: () => unknown): void => void closing.push(close);
  const data = (name: string): string => join(folder, 'data', name);
  const logOf = (name: string): string => join(folder, 'logs', `${name}.log`);

  async function connection(redisUrl: string, use: ConnectionUse = {}): Promise<Redis> {
    const redis = openRedis(redisUrl, 'load-tests', createLogger('load-tests', 'silent'), use);
    onClose(() => redis.disconnect());
    await untilReady(redis, REDIS_WITHIN_MS);
    return redis;
  }

  async function program(name: string, args: readonly string[], env: Env, healthPath = '/healthz') {
    const port = await freePort();
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const server = createNodeService({
      name,
      args: [...profiling, ...args],
      cwd: ROOT,
      env: { PATH: process.env['PATH'], PORT: `${port}`, ...env },
      port,
      log: logOf(name),
      healthPath,
    });
    return supervisor.keep(server);
  }

  return {
    /** Holds data and logs until the end. */
    folder,
    say,
    /** Signs tokens (HS256). */
    secret,
    /** Of the servers that were started first. */
    urls,
    /** The folder of a server's data. */
    data,
    /** Runs in the end, the last one first, before the processes are stopped. */
    onClose,
    /** To a Redis, until the end. @throws Error when it is not ready within 10 s */
    connection,

    /** To a cluster, until the end. Unlike the services' it waits for a master that is being replaced. */
    async clusterConnection(redisUrls: string[]): Promise<Cluster> {
      const redis = new Cluster(redisUrls, { redisOptions: { replyMapping: 'legacy' } });
      onClose(() => redis.disconnect());
      redis.on('error', () => undefined);
      await untilReady(redis, REDIS_WITHIN_MS);
      return redis;
    },

    /** What `start` starts, the first time that this is asked for. */
    shared<T>(what: string, start: () => Promise<T>): Promise<T> {
      const known = (started.get(what) as Promise<T> | undefined) ?? start();
      started.set(what, known);
      return known;
    },

    /** A Redis with all promises on. @param whole where no worker says that its shards are whole */
    async redis(name = 'redis', { whole = false, args = [] as readonly string[] } = {}) {
      const server = supervisor.keep(await startRedis({ dataDir: data(name), args, say }));
      urls.redis ??= server.url;
      if (whole) await markShardsWhole(await connection(server.url), SHARDS);
      return server;
    },

    /** Three masters. @param cluster.hasReplicas each with a replica */
    async redisCluster(cluster: { hasReplicas?: boolean; args?: readonly string[] } = {}) {
      const servers = await startRedisCluster({ dataDir: data('redis'), ...cluster });
      onClose(() => servers.stop());
      return servers;
    },

    async nats(name = 'nats'): Promise<LocalServer> {
      const server = supervisor.keep(await startNats({ dataDir: data(name), say }));
      urls.nats ??= server.url;
      return server;
    },

    /** A Postgres with the archive's tables. */
    async postgres(name = 'postgres', settings: Env = {}): Promise<LocalServer> {
      const server = supervisor.keep(await startPostgres({ dataDir: data(name), settings, say }));
      urls.postgres ??= server.url;
      const env = { DATABASE_URL: server.url };
      await runScript('migrate', { root: ROOT, log: logOf(`migrate-${name}`), env });
      return server;
    },

    /**
     * A built service, which is down until `start`, and gets only the servers that it may use.
     * @param how.name of the process and its log @param how.run Node's arguments instead
     */
    service(
      service: ServiceName,
      { redis, nats, postgres }: Addresses,
      how: { readonly name?: string; readonly run?: readonly string[]; readonly env?: Env } = {},
    ): Promise<LocalServer> {
      const { name = service, run = [join(service, 'dist', 'main.js')], env = {} } = how;
      return program(name, run, {
        REDIS_URL: redis,
        ...(service !== 'broadcast-service' && nats !== undefined && { NATS_URL: nats }),
        ...(service === 'archival-worker' && postgres !== undefined && { DATABASE_URL: postgres }),
        NODE_ENV: 'development',
        AUTH_MODE: 'dev',
        JWT_SECRET: secret,
        JWT_JWKS_URL: '',
        HOST: '127.0.0.1',
        SHARDS: `${SHARDS}`,
        LOG_LEVEL: 'warn',
        RATE_LIMIT_USER_PER_S: '0',
        RATE_LIMIT_ADDRESS_PER_S: '0',
        MAX_PER_SELLER: '0',
        SEAL_AFTER_SECONDS: '0',
        MAX_VIEWERS_PER_ADDRESS: '0',
        ...env,
      });
    },

    /** A TypeScript file that listens at the port in PORT, as the least that a server can do; it runs. */
    async bareServer(name: string, file: URL, args: readonly string[] = []): Promise<LocalServer> {
      const server = await program(name, [...typescriptArguments(file), ...args], {}, '/');
      await server.start();
      return server;
    },

    /** Starts a service, or waits for the start under way, until it is ready to work. */
    async start(service: LocalServer): Promise<void> {
      await service.start();
      const log = logOf(service.name);
      await waitUntilReady(service, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
    },

    /** Stops everything, the last first, and removes its data. */
    async close(): Promise<void> {
      // A start under way adds to what must be stopped; what fails to start stops by itself.
      await Promise.allSettled(started.values());
      const failures: unknown[] = [];
      for (const close of closing.toReversed()) {
        await Promise.resolve(close()).catch((error: unknown) => failures.push(error));
      }
      await supervisor.stop();
      await rm(folder, { recursive: true, force: true });
      if (failures.length > 0) throw failures[0];
    },
  };
}

interface SystemOptions {
  /** Part of its servers' folders, where a bed has several systems. */
  readonly name?: string;
  /** How many of each service run; default 1. */
  readonly counts?: Partial<Record<ServiceName, number>>;
  /** Three masters with a replica each, in the place of one Redis; three servers, in the place of one NATS. */
  readonly redisCluster?: boolean;
  readonly natsCluster?: boolean;
  /** Further arguments of Redis, settings of Postgres, and variables of every service. */
  readonly redisArgs?: readonly string[];
  readonly postgresSettings?: Env;
  readonly env?: Env;
}

/** Servers and some of each service, to be loaded, broken and asked what they hold. */
export type WholeSystem = Awaited<ReturnType<typeof startWholeSystem>>;

/** Starts what `npm run build` built, and waits until all of it is ready. */
export async function startWholeSystem(bed: TestBed, options: SystemOptions = {}) {
  const {
    name: system,
    counts = {},
    redisCluster: isCluster = false,
    redisArgs: args = [],
  } = options;
  const of = (server: string): string => (system === undefined ? server : `${server}-of-${system}`);
  bed.say(`starting the servers and the services${system === undefined ? '' : ` of ${system}`}`);
  // Shared, because the bed's end waits for what is shared: what starts beside a failure is stopped too.
  const [redisServers, natsServers, postgres] = await Promise.all([
    bed.shared<LocalServer | LocalCluster>(of('redis'), () =>
      isCluster ? bed.redisCluster({ hasReplicas: true, args }) : bed.redis(of('redis'), { args }),
    ),
    bed.shared<LocalServer | LocalNatsCluster>(of('nats'), async () => {
      if (options.natsCluster !== true) return bed.nats(of('nats'));
      const servers = await startNatsCluster({ dataDir: bed.data('nats') });
      bed.onClose(() => servers.stop());
      return servers;
    }),
    bed.shared(of('postgres'), () => bed.postgres(of('postgres'), options.postgresSettings)),
  ]);
  const masters = 'masters' in redisServers ? redisServers.masters : [redisServers];
  const addresses = {
    redis: masters.map(({ url }) => url).join(','),
    nats: natsServers.url,
    postgres: postgres.url,
  };
  const redis: RedisClient = isCluster
    ? await bed.clusterConnection(masters.map((each) => each.url))
    : await bed.connection(addresses.redis);
  // A worker says so itself.
  if (counts['archival-worker'] === 0) await markShardsWhole(redis, SHARDS);
  const env = {
    REDIS_CLUSTER: `${isCluster}`,
    NATS_STREAM_REPLICAS: options.natsCluster === true ? '3' : '1',
    SERVICE_SECRET: randomBytes(32).toString('hex'),
    ...options.env,
  };
  const services = new Map<string, LocalServer>();

  /** @throws Error for an unknown name, or for one of several servers */
  function part(name: PartName): LocalServer {
    const all = [redisServers, natsServers, postgres, ...services.values()];
    const found = all.find((each) => 'pid' in each && each.name === name);
    if (found === undefined || !('pid' in found)) throw new Error(`no part is called ${name}`);
    return found;
  }
  const url = (name: PartName): string => part(name).url;

  /** Those of a service that are not down. */
  const all = (service: ServiceName): readonly LocalServer[] =>
    [...services.values()].filter(
      (each) => each.name.startsWith(service) && each.pid() !== undefined,
    );

  /** One more process of a service, which is down. @param through other ways to its servers */
  async function add(service: ServiceName, number: number, through: Partial<Addresses> = {}) {
    const name = number === 1 ? service : `${service}-${number}`;
    const gateway = service === 'broadcast-service' && { GATEWAY_URL: url('api-gateway') };
    const how = { name, env: { ...env, ...gateway } };
    const added = await bed.service(service, { ...addresses, ...through }, how);
    services.set(name, added);
    return added;
  }

  /** Starts what is missing and ends what is too much: it would take its share of the machine. */
  async function run(service: ServiceName, count: number): Promise<void> {
    for (const extra of all(service).slice(count)) await extra.stop();
    for (let number = 1; number <= count; number += 1) {
      const name = number === 1 ? service : `${service}-${number}`;
      await bed.start(services.get(name) ?? (await add(service, number)));
    }
  }

  /** Starts a part that is down, or waits for the start under way, until it is ready to work. */
  async function startPart(name: PartName): Promise<void> {
    if (services.has(name)) return bed.start(part(name));
    await part(name).start();
    if (name === 'redis') await untilReady(redis, REDIS_WITHIN_MS);
  }

  for (const service of SERVICES) await run(service, counts[service] ?? 1);
  return {
    bed,
    /** For looking past all of Outcry's own code; commands fail while Redis is down. */
    redis,
    redisServers,
    natsServers,
    postgres,
    part,
    url,
    all,
    add,
    run,
    startPart,

    get gatewayUrls(): readonly string[] {
      return all('api-gateway').map((each) => each.url);
    },

    /** Those that run, for a window of CPU and memory. */
    get processes(): Parts {
      const servers = (['redis', 'nats', 'postgres'] as const).map(part);
      const running = [...SERVICES.flatMap(all), ...servers].filter((each) => each.pid());
      const byPart = groupBy(running, ({ name }) => name.replace(/-\d+$/, ''));
      return Object.fromEntries(
        [...byPart].map(([name, of]) => [name, of.map((each) => each.pid())]),
      );
    },

    /** Waits until the supervisor has started a part that was killed, and it is ready. */
    async untilPartIsBack(name: PartName): Promise<void> {
      const isBack = (): boolean => part(name).pid() !== undefined;
      await waitUntil(isBack, { withinMs: READY_WITHIN_MS, what: `the new start of ${name}` });
      await startPart(name);
    },

    onPostgres: <T>(work: (sql: Sql) => Promise<T>): Promise<T> => onDatabase(postgres.url, work),

    async onStreams<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
      const nats = await connectNats({ servers: natsServers.url.split(',') });
      try {
        return await work(await jetstreamManager(nats));
      } finally {
        await nats.close();
      }
    },

    /** What `npm run verify` finds: one line an auction that does not agree, and for users' totals. */
    async verify(): Promise<string[]> {
      const lines: string[] = [];
      const report = {
        progress: () => undefined,
        found: (difference: Parameters<typeof differenceText>[0]) =>
          void lines.push(differenceText(difference)),
      };
      const settings = toolSettings('verify', addresses, { ...env, SHARDS: `${SHARDS}` });
      await runVerify(settings, report, createLogger('verify', 'silent'));
      return lines;
    },
  };
}
