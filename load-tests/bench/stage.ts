/** The processes that measurements load: started when first needed, all stopped at the end. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { lastLines, runCommand } from '@outcry/local/processes/run-command.ts';
import { ask } from '@outcry/local/servers/ask.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { readyRedis } from '../ready-redis.ts';
import { ArchiveStage, type ArchiveStageOptions } from './archive-stage.ts';
import { BENCH_SHARDS, type PartOptions } from './part-options.ts';
import { PublishStage } from './publish-stage.ts';
import { ScriptStage } from './script-stage.ts';
import { typescriptArguments } from './typescript-process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BARE_SERVER = new URL('./bare-http-server.ts', import.meta.url);
const READY_WITHIN_MS = 20_000;

/** The gateway with all it needs, each a process of its own. */
export interface GatewayStage {
  readonly url: string;
  /** Signs its tokens (HS256). */
  readonly secret: string;
  /** For figures of CPU use. */
  readonly processes: Readonly<Record<string, LocalServer>>;
}

/** How a gateway differs from the one that is shipped, to see what a promise costs. */
export interface GatewayVariation {
  readonly name: string;
  /** Settings that differ. */
  readonly environment?: Readonly<Record<string, string>>;
  /** False: Redis fsyncs once a second, so an accepted bid can be lost. */
  readonly fsyncEveryWrite?: boolean;
  /** False: there is no NATS, so nothing is published. */
  readonly publishes?: boolean;
}

const AS_SHIPPED: GatewayVariation = { name: 'gateway' };

export interface StageOptions {
  /** Node writes CPU profiles of gateway and worker into this folder when they stop. */
  readonly profileFolder?: string | undefined;
  readonly say: (line: string) => void;
}

export class Stage {
  /** Holds the servers' data until the end. */
  readonly folder: string;
  readonly #options: StageOptions;
  readonly #started: LocalServer[] = [];
  #bareHttp: Promise<LocalServer> | undefined;
  readonly #gateways = new Map<string, Promise<GatewayStage>>();
  #built: Promise<void> | undefined;
  #workerBuilt: Promise<void> | undefined;
  #archive: Promise<ArchiveStage> | undefined;
  #archiveOfGateway: Promise<ArchiveStage> | undefined;
  #script: Promise<ScriptStage> | undefined;
  #publish: Promise<PublishStage> | undefined;
  #versions: Readonly<Record<string, string>> = {};

  private constructor(folder: string, options: StageOptions) {
    this.folder = folder;
    this.#options = options;
  }

  /** Data lies in the checkout and not in a temporary folder, which may be in memory. */
  static async open(options: StageOptions): Promise<Stage> {
    const parent = join(ROOT, '.local');
    await mkdir(parent, { recursive: true });
    return new Stage(await mkdtemp(join(parent, 'bench-')), options);
  }

  /** Versions of the servers that were started, by name. */
  get versions(): Readonly<Record<string, string>> {
    return this.#versions;
  }

  /** The bare HTTP server. @throws Error when it does not start */
  bareHttp(): Promise<LocalServer> {
    this.#bareHttp ??= this.#startBareHttp();
    return this.#bareHttp;
  }

  /** The built gateway on a new Redis and NATS. @throws Error when a part does not start */
  gateway(variation = AS_SHIPPED): Promise<GatewayStage> {
    const known = this.#gateways.get(variation.name);
    const gateway = known ?? this.#startGateway(variation);
    this.#gateways.set(variation.name, gateway);
    return gateway;
  }

  /** The built worker, down, on servers of its own. @throws Error when a part does not start */
  archive(): Promise<ArchiveStage> {
    this.#archive ??= this.#openArchive('archive');
    return this.#archive;
  }

  /** The built worker, down, on the servers of the gateway as shipped. */
  archiveOfGateway(): Promise<ArchiveStage> {
    this.#archiveOfGateway ??= this.gateway().then(({ processes: { redis, nats } }) => {
      if (redis === undefined || nats === undefined) throw new Error('the gateway has no servers');
      return this.#openArchive('archive-of-gateway', { redis, nats });
    });
    return this.#archiveOfGateway;
  }

  /** A Redis of its own for script calls. @throws Error when it does not start */
  script(): Promise<ScriptStage> {
    this.#script ??= ScriptStage.open(this.#ownPart('script'));
    return this.#script;
  }

  /** A NATS of its own for publishers. @throws Error when it does not start */
  publish(): Promise<PublishStage> {
    this.#publish ??= PublishStage.open(this.#ownPart('publish'));
    return this.#publish;
  }

  /** Stops what was started, last first, and removes its data. */
  async close(): Promise<void> {
    // A start under way adds to the list; what fails to start stops by itself.
    await Promise.allSettled([this.#bareHttp, ...this.#gateways.values()]);
    const stages = await Promise.allSettled([
      this.#archive,
      this.#archiveOfGateway,
      this.#script,
      this.#publish,
    ]);
    for (const stage of stages) if (stage.status === 'fulfilled') await stage.value?.close();
    for (const server of this.#started.toReversed()) await server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #openArchive(name: string, on?: ArchiveStageOptions['on']): Promise<ArchiveStage> {
    const { say, profileFolder } = this.#options;
    this.#workerBuilt ??= build('archival-worker', say);
    await this.#workerBuilt;
    const part = { root: ROOT, profileFolder, ...this.#ownPart(name) };
    return ArchiveStage.open(on === undefined ? part : { ...part, on });
  }

  #ownPart(name: string): PartOptions {
    return {
      folder: join(this.folder, name),
      started: (server) => this.#started.push(server),
      say: this.#options.say,
    };
  }

  async #startBareHttp(): Promise<LocalServer> {
    const port = await freePort();
    const server = createNodeService({
      name: 'node:http',
      args: [...typescriptArguments(BARE_SERVER), `${port}`],
      cwd: ROOT,
      env: process.env,
      port,
      log: join(this.folder, 'bare-http.log'),
    });
    await this.#start(server);
    return server;
  }

  async #startGateway(variation: GatewayVariation): Promise<GatewayStage> {
    const { name, environment, fsyncEveryWrite = true, publishes = true } = variation;
    const { say, profileFolder } = this.#options;
    this.#built ??= build('api-gateway', say);
    await this.#built;
    say(`starting the servers of ${name}`);
    const folder = join(this.folder, name);
    const redis = await startRedis({ dataDir: join(folder, 'redis'), say });
    this.#started.push(redis);
    const redisVersion = await prepareRedis(redis, fsyncEveryWrite);
    const nats = publishes ? await startNats({ dataDir: join(folder, 'nats'), say }) : undefined;
    if (nats !== undefined) {
      this.#started.push(nats);
      this.#versions = { Redis: redisVersion, NATS: await natsVersion(nats) };
    }
    const port = await freePort();
    const secret = randomBytes(32).toString('hex');
    const log = join(folder, 'gateway.log');
    const profiling =
      profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    const natsUrl = nats?.url ?? `nats://127.0.0.1:${await freePort()}`;
    const gateway = createNodeService({
      name: 'gateway',
      args: [...profiling, join('api-gateway', 'dist', 'main.js')],
      cwd: ROOT,
      env: {
        ...process.env,
        ...gatewayEnvironment(redis.url, natsUrl, port, secret),
        ...(fsyncEveryWrite ? {} : { REDIS_DURABILITY_ASSERTED: 'true' }),
        ...environment,
      },
      port,
      log,
    });
    await this.#start(gateway);
    await waitUntilReady(gateway, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
    const processes = { gateway, redis, ...(nats === undefined ? {} : { nats }) };
    return { url: gateway.url, secret, processes };
  }

  async #start(server: LocalServer): Promise<void> {
    this.#started.push(server);
    await server.start();
  }
}

const gatewayEnvironment = (redisUrl: string, natsUrl: string, port: number, secret: string) => ({
  NODE_ENV: 'development',
  AUTH_MODE: 'dev',
  JWT_SECRET: secret,
  JWT_JWKS_URL: '',
  HOST: '127.0.0.1',
  PORT: `${port}`,
  REDIS_URL: redisUrl,
  NATS_URL: natsUrl,
  SHARDS: `${BENCH_SHARDS}`,
  LOG_LEVEL: 'warn',
  RATE_LIMIT_USER_PER_S: '0',
  MAX_PER_SELLER: '0',
  RATE_LIMIT_ADDRESS_PER_S: '0',
});

/** @throws Error with the end of the build's output */
async function build(workspace: string, say: (line: string) => void): Promise<void> {
  say(`building ${workspace}`);
  const { code, output } = await runCommand('npm', ['run', 'build', '-w', workspace], {
    cwd: ROOT,
  });
  if (code !== 0) throw new Error(`${workspace} cannot be built:\n${lastLines(output, 10)}`);
}

/** Does what archival-worker does on a fresh system; gives Redis's version. */
async function prepareRedis(redis: LocalServer, fsyncEveryWrite: boolean): Promise<string> {
  const connection = await readyRedis(redis.url, 'bench');
  try {
    await markShardsWhole(connection, BENCH_SHARDS);
    if (!fsyncEveryWrite) await connection.config('SET', 'appendfsync', 'everysec');
    return /redis_version:(\S+)/.exec(await connection.info('server'))?.[1] ?? 'unknown';
  } finally {
    connection.disconnect();
  }
}

/** NATS greets with a line that names its version. */
async function natsVersion({ port }: LocalServer): Promise<string> {
  const greeting = await ask(port, '', (text) => text.includes('\r\n'));
  return /"version":"([^"]+)"/.exec(greeting ?? '')?.[1] ?? 'unknown';
}
