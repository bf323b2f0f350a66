/** Servers and built services that measurements and faults run on, each a process of its own. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startNatsCluster, type LocalNatsCluster } from '@outcry/local/servers/nats-cluster.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { startRedisCluster } from '@outcry/local/servers/redis-cluster.ts';
import { createSupervisor, type Supervisor } from '@outcry/local/supervisor.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { readyRedis } from './redis.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Of every system here; some auctions are looked up in Redis past all of Outcry's own code. */
export const SHARDS = 16;
const READY_WITHIN_MS = 60_000;

export type ServiceName = 'api-gateway' | 'broadcast-service' | 'archival-worker';

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

export class TestBed {
  /** Holds data and logs until the end. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** Signs tokens (HS256). */
  readonly secret = randomBytes(32).toString('hex');
  /** Of the servers that were started last. */
  readonly urls: { redis?: string; nats?: string; postgres?: string } = {};
  readonly #supervisor: Supervisor;
  readonly #profiles: string | undefined;
  readonly #shared = new Map<string, Promise<unknown>>();
  readonly #closing: (() => unknown)[] = [];

  private constructor(folder: string, { say = () => undefined, ...options }: BedOptions) {
    this.folder = folder;
    this.say = say;
    this.#profiles = options.profiles;
    this.#supervisor = createSupervisor({ say, restart: options.restart ?? false });
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

  /** Takes charge of a process: it is stopped in the end. */
  keep(server: LocalServer): LocalServer {
    return this.#supervisor.keep(server);
  }

  /**
   * A Redis with all promises on.
   * @param whole without a worker nobody else says that its empty shards are whole
   */
  async redis(name = 'redis', { whole = false, args = [] as readonly string[] } = {}) {
    const server = this.keep(await startRedis({ dataDir: this.data(name), args, say: this.say }));
    this.urls.redis = server.url;
    if (!whole) return server;
    const connection = await readyRedis(server.url, 'test-bed');
    try {
      await markShardsWhole(connection, SHARDS);
    } finally {
      connection.disconnect();
    }
    return server;
  }

  /** Three masters. @param options.hasReplicas each with a replica */
  async redisCluster(options: { hasReplicas?: boolean; args?: readonly string[] } = {}) {
    const cluster = await startRedisCluster({ dataDir: this.data('redis'), ...options });
    this.onClose(() => cluster.stop());
    return cluster;
  }

  async natsCluster(): Promise<LocalNatsCluster> {
    const cluster = await startNatsCluster({ dataDir: this.data('nats') });
    this.onClose(() => cluster.stop());
    return cluster;
  }

  async nats(name = 'nats'): Promise<LocalServer> {
    const server = this.keep(await startNats({ dataDir: this.data(name), say: this.say }));
    this.urls.nats = server.url;
    return server;
  }

  /** A Postgres with the archive's tables. */
  async postgres(name = 'postgres', settings: Readonly<Record<string, string>> = {}) {
    const options = { dataDir: this.data(name), settings, say: this.say };
    const server = this.keep(await startPostgres(options));
    this.urls.postgres = server.url;
    const env = { DATABASE_URL: server.url };
    await runScript('migrate', { root: ROOT, log: this.#log(`migrate-${name}`), env });
    return server;
  }

  /**
   * A built service, which is down until {@link start}.
   * @param options.name of the process; its log has this name too
   * @param options.run arguments of Node in the place of the build
   */
  async service(
    service: ServiceName,
    addresses: Addresses,
    options: {
      readonly name?: string;
      readonly run?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<LocalServer> {
    const { name = service, run = [join(service, 'dist', 'main.js')], env = {} } = options;
    return this.#program(name, run, {
      ...addressesFor(service, addresses),
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

  async #program(
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    healthPath = '/healthz',
  ): Promise<LocalServer> {
    const port = await freePort();
    const profiling =
      this.#profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`];
    const server = createNodeService({
      name,
      args: [...profiling, ...args],
      cwd: ROOT,
      env: { PATH: process.env['PATH'], PORT: `${port}`, ...env },
      port,
      log: this.#log(name),
      healthPath,
    });
    return this.keep(server);
  }

  /** The folder of a server's data. */
  data(name: string): string {
    return join(this.folder, 'data', name);
  }

  #log(name: string): string {
    return join(this.folder, 'logs', `${name}.log`);
  }
}

/** A service gets only the servers that it may use: the gateway none of Postgres. */
const addressesFor = (service: ServiceName, { redis, nats, postgres }: Addresses) => ({
  REDIS_URL: redis,
  ...(service !== 'broadcast-service' && nats !== undefined && { NATS_URL: nats }),
  ...(service === 'archival-worker' && postgres !== undefined && { DATABASE_URL: postgres }),
});
