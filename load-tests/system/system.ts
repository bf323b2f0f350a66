/** Servers and built services that experiments run on, each a process of its own: the one starter. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import type { Redis } from 'ioredis';
import connectPostgres, { type Sql } from 'postgres';
import { toolSettings } from '@outcry/archival-worker/config.ts';
import { runVerify } from '@outcry/archival-worker/create-verify.ts';
import { differenceText } from '@outcry/archival-worker/verify/difference.ts';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNatsCluster, type LocalNatsCluster } from '@outcry/local/servers/nats-cluster.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedisCluster, type LocalCluster } from '@outcry/local/servers/redis-cluster.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { createSupervisor, type Supervisor } from '@outcry/local/supervisor.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady, type ConnectionUse } from '@outcry/shared/runtime/redis.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import type { Parts } from './machine.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Of every system here; some auctions are looked up in Redis past all of Outcry's own code. */
export const SHARDS = 16;
/** In this order: the worker declares the empty Redis whole, which the gateways wait for. */
const SERVICES = ['archival-worker', 'api-gateway', 'broadcast-service'] as const;
const READY_WITHIN_MS = 60_000;
const REDIS_WITHIN_MS = 10_000;
const QUERY_LIMIT_MS = 60_000;

export type ServiceName = (typeof SERVICES)[number];
/** The first process of a service has the service's name, the second one a `-2` behind it. */
export type PartName = 'redis' | 'nats' | 'postgres' | ServiceName | `${ServiceName}-${number}`;
type Env = Readonly<Record<string, string>>;

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

/** A Redis connection that can be used at once. @throws Error when it is not ready within 10 s */
export async function readyRedis(url: string, use: ConnectionUse = {}) {
  const redis = openRedis(url, 'load-tests', createLogger('load-tests', 'silent'), use);
  try {
    await untilReady(redis, REDIS_WITHIN_MS);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return redis;
}

/** Single servers and services; {@link WholeSystem} is all of them together. */
export class TestBed {
  /** Holds data and logs until the end. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Signs tokens (HS256). */
  readonly secret = randomBytes(32).toString('hex');
  /** Of the servers that were started last. */
  readonly urls: { redis?: string; nats?: string; postgres?: string } = {};
  readonly #supervisor: Supervisor;
  readonly #profiling: readonly string[];
  readonly #shared = new Map<string, Promise<unknown>>();
  readonly #closing: (() => unknown)[] = [];

  private constructor(folder: string, { say = () => undefined, restart, profiles }: BedOptions) {
    this.folder = folder;
    this.say = say;
    this.#profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    this.#supervisor = createSupervisor({ say, restart: restart ?? false });
  }

  /**
   * Data lies in the checkout and not in a temporary folder, which may be in memory.
   * @param name of its folder, in part @throws Error when the services cannot be built
   */
  static async open(name: string, options: BedOptions = {}): Promise<TestBed> {
    const local = join(ROOT, '.local');
    await mkdir(join(local, 'logs'), { recursive: true });
    if (options.build === true) {
      options.say?.('building');
      const log = join(local, 'logs', 'build.log');
      await runScript('build', { root: ROOT, log, signal: options.signal });
    }
    return new TestBed(await mkdtemp(join(local, `${name}-`)), options);
  }

  /** What `start` starts, the first time that this is asked for. */
  shared<T>(what: string, start: () => Promise<T>): Promise<T> {
    const known = (this.#shared.get(what) as Promise<T> | undefined) ?? start();
    this.#shared.set(what, known);
    return known;
  }

  /** Runs in the end, the last one first, before the processes are stopped. */
  onClose(close: () => unknown): void {
    this.#closing.push(close);
  }

  /** A Redis with all promises on. @param whole where no worker says that its shards are whole */
  async redis(name = 'redis', { whole = false, args = [] as readonly string[] } = {}) {
    const server = await startRedis({ dataDir: this.data(name), args, say: this.say });
    this.urls.redis = server.url;
    const kept = this.#supervisor.keep(server);
    if (!whole) return kept;
    await markShardsWhole(await this.connection(server.url), SHARDS);
    return kept;
  }

  /** To a Redis, until the end. @throws Error when it is not ready within 10 s */
  async connection(redisUrl: string): Promise<Redis> {
    const redis = await readyRedis(redisUrl);
    this.onClose(() => redis.disconnect());
    return redis;
  }

  /** Three masters. @param options.hasReplicas each with a replica */
  async redisCluster(options: { hasReplicas?: boolean; args?: readonly string[] } = {}) {
    const cluster = await startRedisCluster({ dataDir: this.data('redis'), ...options });
    this.onClose(() => cluster.stop());
    return cluster;
  }

  async nats(name = 'nats'): Promise<LocalServer> {
    const server = await startNats({ dataDir: this.data(name), say: this.say });
    this.urls.nats = server.url;
    return this.#supervisor.keep(server);
  }

  async natsCluster(): Promise<LocalNatsCluster> {
    const cluster = await startNatsCluster({ dataDir: this.data('nats') });
    this.onClose(() => cluster.stop());
    return cluster;
  }

  /** A Postgres with the archive's tables. */
  async postgres(name = 'postgres', settings: Env = {}): Promise<LocalServer> {
    const server = await startPostgres({ dataDir: this.data(name), settings, say: this.say });
    this.urls.postgres = server.url;
    const kept = this.#supervisor.keep(server);
    const env = { DATABASE_URL: server.url };
    await runScript('migrate', { root: ROOT, log: this.#log(`migrate-${name}`), env });
    return kept;
  }

  /**
   * A built service, which is down until {@link start}, and gets only the servers that it may use.
   * @param options.name of the process and its log @param options.run Node's arguments instead
   */
  service(
    service: ServiceName,
    { redis, nats, postgres }: Addresses,
    options: { readonly name?: string; readonly run?: readonly string[]; readonly env?: Env } = {},
  ): Promise<LocalServer> {
    const { name = service, run = [join(service, 'dist', 'main.js')], env = {} } = options;
    return this.#program(name, run, {
      REDIS_URL: redis,
      ...(service !== 'broadcast-service' && nats !== undefined && { NATS_URL: nats }),
      ...(service === 'archival-worker' && postgres !== undefined && { DATABASE_URL: postgres }),
      NODE_ENV: 'development',
      AUTH_MODE: 'dev',
      JWT_SECRET: this.secret,
      JWT_JWKS_URL: '',
      HOST: '127.0.0.1',
      SHARDS: `${SHARDS}`,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_USER_PER_S: '0',
      RATE_LIMIT_ADDRESS_PER_S: '0',
      MAX_PER_SELLER: '0',
      MAX_VIEWERS_PER_ADDRESS: '0',
      ...env,
    });
  }

  /** A TypeScript file that listens at the port in PORT, as the least that a server can do; it runs. */
  async bareServer(name: string, file: URL, args: readonly string[] = []): Promise<LocalServer> {
    const server = await this.#program(name, [...typescriptArguments(file), ...args], {}, '/');
    await server.start();
    return server;
  }

  /** Starts a service, or waits for the start under way, until it is ready to work. */
  async start(service: LocalServer): Promise<void> {
    await service.start();
    const log = this.#log(service.name);
    await waitUntilReady(service, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
  }

  /** Stops everything, the last first, and removes its data. */
  async close(): Promise<void> {
    // A start under way adds to what must be stopped; what fails to start stops by itself.
    await Promise.allSettled(this.#shared.values());
    const failures: unknown[] = [];
    for (const close of this.#closing.toReversed()) {
      await Promise.resolve(close()).catch((error: unknown) => failures.push(error));
    }
    await this.#supervisor.stop();
    await rm(this.folder, { recursive: true, force: true });
    if (failures.length > 0) throw failures[0];
  }

  async #program(name: string, args: readonly string[], env: Env, healthPath = '/healthz') {
    const port = await freePort();
    const server = createNodeService({
      name,
      args: [...this.#profiling, ...args],
      cwd: ROOT,
      env: { PATH: process.env['PATH'], PORT: `${port}`, ...env },
      port,
      log: this.#log(name),
      healthPath,
    });
    return this.#supervisor.keep(server);
  }

  /** The folder of a server's data. */
  data(name: string): string {
    return join(this.folder, 'data', name);
  }

  #log(name: string): string {
    return join(this.folder, 'logs', `${name}.log`);
  }
}

export interface SystemOptions {
  /** How many of each service run; default 1. */
  readonly counts?: Partial<Record<ServiceName, number>>;
  /** Three masters with a replica each, in the place of one Redis. */
  readonly redisCluster?: { readonly durability: 'fsync' | 'replica' };
  /** Three servers, in the place of one. */
  readonly natsCluster?: boolean;
}

/** Servers and some of each service, to be loaded, broken and asked what they hold. */
export class WholeSystem {
  readonly bed: TestBed;
  readonly redisServers: LocalServer | LocalCluster;
  readonly natsServers: LocalServer | LocalNatsCluster;
  readonly postgres: LocalServer;
  /** What services, and tools of an operator, are given. */
  readonly #environment;
  readonly #services = new Map<string, LocalServer>();
  readonly #serviceSecret = randomBytes(32).toString('hex');
  #redis: Redis | undefined;

  private constructor(
    bed: TestBed,
    servers: [LocalServer | LocalCluster, LocalServer | LocalNatsCluster, LocalServer],
    { redisCluster, natsCluster }: SystemOptions,
  ) {
    const [redis, nats, postgres] = servers;
    this.bed = bed;
    [this.redisServers, this.natsServers, this.postgres] = servers;
    this.#environment = {
      SHARDS: `${SHARDS}`,
      REDIS_URL: 'masters' in redis ? redis.masters.map(({ url }) => url).join(',') : redis.url,
      REDIS_CLUSTER: `${redisCluster !== undefined}`,
      BID_DURABILITY: redisCluster?.durability ?? 'fsync',
      NATS_URL: nats.url,
      NATS_STREAM_REPLICAS: natsCluster === true ? '3' : '1',
      DATABASE_URL: postgres.url,
    };
  }

  /** Starts what `npm run build` built, and waits until all of it is ready. */
  static async start(bed: TestBed, options: SystemOptions = {}): Promise<WholeSystem> {
    const { counts = {}, redisCluster, natsCluster } = options;
    bed.say('starting the servers and the services');
    // Shared, because the bed's end waits for what is shared: what starts beside a failure is stopped too.
    const args = redisCluster?.durability === 'replica' ? ['--min-replicas-to-write', '1'] : [];
    const servers = await Promise.all([
      bed.shared<LocalServer | LocalCluster>('redis', () =>
        redisCluster === undefined ? bed.redis() : bed.redisCluster({ hasReplicas: true, args }),
      ),
      bed.shared<LocalServer | LocalNatsCluster>('nats', () =>
        natsCluster === true ? bed.natsCluster() : bed.nats(),
      ),
      bed.shared('postgres', () => bed.postgres()),
    ]);
    const system = new WholeSystem(bed, servers, options);
    if (redisCluster === undefined) system.#redis = await bed.connection(servers[0].url);
    for (const service of SERVICES) await system.run(service, counts[service] ?? 1);
    return system;
  }

  /** For looking past all of Outcry's own code; commands fail while Redis is down. */
  get redis(): Redis {
    if (this.#redis === undefined) throw new Error('a cluster has no single connection');
    return this.#redis;
  }

  get gatewayUrls(): readonly string[] {
    return this.all('api-gateway').map(({ url }) => url);
  }

  /** For a window of CPU and memory. */
  get processes(): Parts {
    const services = SERVICES.map((name) => [name, this.all(name).map((each) => each.pid())]);
    const servers = (['redis', 'nats', 'postgres'] as const).map((name) => {
      return [name, [this.part(name).pid()]];
    });
    return Object.fromEntries([...services, ...servers]) as Parts;
  }

  /** Starts what is missing and ends what is too much: it would take its share of the machine. */
  async run(service: ServiceName, count: number): Promise<void> {
    for (const extra of this.all(service).slice(count)) await extra.stop();
    for (let number = 1; number <= count; number += 1) {
      const name = number === 1 ? service : `${service}-${number}`;
      await this.bed.start(this.#services.get(name) ?? (await this.add(service, number)));
    }
  }

  /** One more process of a service, which is down. @param through other ways to its servers */
  async add(service: ServiceName, number: number, through: Partial<Addresses> = {}) {
    const { REDIS_URL: redis, NATS_URL: nats, DATABASE_URL: postgres, ...env } = this.#environment;
    const name = number === 1 ? service : `${service}-${number}`;
    const own = {
      REDIS_CLUSTER: env.REDIS_CLUSTER,
      SERVICE_SECRET: this.#serviceSecret,
      ...(service === 'broadcast-service'
        ? { GATEWAY_URL: this.url('api-gateway') }
        : { NATS_STREAM_REPLICAS: env.NATS_STREAM_REPLICAS }),
      ...(service === 'api-gateway' && { BID_DURABILITY: env.BID_DURABILITY }),
    };
    const addresses = { redis, nats, postgres, ...through };
    const part = await this.bed.service(service, addresses, { name, env: own });
    this.#services.set(name, part);
    return part;
  }

  /** Those of a service that are not down. */
  all(service: ServiceName): readonly LocalServer[] {
    return [...this.#services.values()].filter(
      (each) => each.name.startsWith(service) && each.pid() !== undefined,
    );
  }

  /** @throws Error for an unknown name, or for one of several servers */
  part(name: PartName): LocalServer {
    const found = [this.redisServers, this.natsServers, this.postgres, ...this.#services.values()];
    const part = found.find((each) => 'pid' in each && each.name === name);
    if (part === undefined || !('pid' in part)) throw new Error(`no part is called ${name}`);
    return part;
  }

  url(name: PartName): string {
    return this.part(name).url;
  }

  /** Starts a part that is down, or waits for the start under way, until it is ready to work. */
  async startPart(name: PartName): Promise<void> {
    if (this.#services.has(name)) return this.bed.start(this.part(name));
    await this.part(name).start();
    if (name === 'redis') await untilReady(this.redis, REDIS_WITHIN_MS);
  }

  /** Waits until the supervisor has started a part that was killed, and it is ready. */
  async untilPartIsBack(name: PartName): Promise<void> {
    const isBack = (): boolean => this.part(name).pid() !== undefined;
    await waitUntil(isBack, { withinMs: READY_WITHIN_MS, what: `the new start of ${name}` });
    await this.startPart(name);
  }

  /** One of a service's counters or gauges. @throws Error when the service does not answer */
  metric(name: PartName, metric: string, labels?: Record<string, string>): Promise<number> {
    return figure(this.url(name), metric, labels);
  }

  /** Asks Postgres over a connection of its own, which is not open when Postgres is broken. */
  async onPostgres<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = connectPostgres(this.postgres.url, {
      max: 1,
      connect_timeout: 5,
      connection: { statement_timeout: QUERY_LIMIT_MS },
      onnotice: () => undefined,
    });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  }

  async onStreams<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = await connectNats({ servers: this.natsServers.url.split(',') });
    try {
      return await work(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** What `npm run verify` finds: one line an auction that does not agree, and for users' totals. */
  async verify(): Promise<string[]> {
    const found: string[] = [];
    const report = {
      progress: () => undefined,
      found: (difference: Parameters<typeof differenceText>[0]) =>
        void found.push(differenceText(difference)),
    };
    const settings = toolSettings('verify', {}, this.#environment);
    await runVerify(settings, report, createLogger('verify', 'silent'));
    return found;
  }
}
