/** The servers that are measured, each a process of its own, on one Redis with all promises on. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { typescriptArguments } from '../bench/typescript-process.ts';
import { readyRedis } from '../ready-redis.ts';
import { metricIn, readMetrics } from '../service-metrics.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BARE = new URL('./bare-ws-server.ts', import.meta.url);
const BROADCASTER = new URL('./measured-broadcaster.ts', import.meta.url);
const SHARDS = 4;
const READY_WITHIN_MS = 20_000;
const ANSWER_LIMIT_MS = 5_000;

/** For how long a process's event loop was held at a stretch, since the last time it was asked. */
export interface Held {
  readonly maxMs: number;
  /** The longest in CPU time: what it was held by itself, and not by the machine's other programs. */
  readonly maxCpuMs: number;
  readonly p99Ms: number;
  /** The longest collection of garbage, which is part of it. */
  readonly longestGcMs: number;
}

export interface MeasuredServer {
  readonly port: number;
  memoryBytes(): Promise<number>;
  pid(): number | undefined;
  /** Undefined for the bare server. */
  held(): Promise<Held | undefined>;
}

export class FanOutStage {
  readonly auctions: ScriptedAuctions;
  /** Holds the servers' data until the end. */
  readonly folder: string;
  readonly #redisServer: LocalServer;
  readonly #redis: Redis;
  readonly #started: LocalServer[] = [];
  readonly #profiles: string | undefined;

  private constructor(
    folder: string,
    redisServer: LocalServer,
    redis: Redis,
    profiles: string | undefined,
  ) {
    this.#profiles = profiles;
    this.folder = folder;
    this.#redisServer = redisServer;
    this.#redis = redis;
    this.auctions = new ScriptedAuctions(redis, SHARDS);
  }

  /**
   * Data lies in the checkout and not in a temporary folder, which may be in memory.
   * @param profiles the folder into which each server writes a CPU profile when it ends, if any
   */
  static async open(profiles?: string): Promise<FanOutStage> {
    const parent = join(ROOT, '.local');
    await mkdir(parent, { recursive: true });
    const folder = await mkdtemp(join(parent, 'bench-fanout-'));
    let redisServer: LocalServer | undefined;
    let redis: Redis | undefined;
    try {
      redisServer = await startRedis({ dataDir: join(folder, 'redis') });
      redis = await readyRedis(redisServer.url, 'bench-fanout');
      await markShardsWhole(redis, SHARDS);
      return new FanOutStage(folder, redisServer, redis, profiles);
    } catch (error) {
      redis?.disconnect();
      await redisServer?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async bare(): Promise<MeasuredServer> {
    const args = [...typescriptArguments(BARE), `${await freePort()}`];
    const port = Number(args.at(-1));
    const server = await this.#start('bare ws', port, [
      ...args,
      this.#redisServer.url,
      `${SHARDS}`,
    ]);
    return {
      port,
      pid: () => server.pid(),
      memoryBytes: async () => {
        const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
        return Number(await (await fetch(`${server.url}/memory`, { signal })).text());
      },
      held: () => Promise.resolve(undefined),
    };
  }

  async broadcaster(
    limits: 'as-shipped' | 'unlimited',
    environment: Readonly<Record<string, string>> = {},
  ): Promise<MeasuredServer> {
    const port = await freePort();
    const file = join(this.folder, `held-${port}.json`);
    const args = [...typescriptArguments(BROADCASTER), limits, file];
    const server = await this.#start('broadcaster', port, args, '/readyz', environment);
    return {
      port,
      pid: () => server.pid(),
      memoryBytes: async () =>
        metricIn(await readMetrics(server.url), 'process_resident_memory_bytes'),
      held: async () => {
        const pid = server.pid();
        if (pid === undefined) throw new Error('the broadcaster has ended');
        await rm(file, { force: true });
        process.kill(pid, 'SIGUSR2');
        const text = await waitUntil(
          async () => {
            const written = await readFile(file, 'utf8').catch(() => '');
            return written.endsWith('}') && written;
          },
          { withinMs: ANSWER_LIMIT_MS, what: 'what the broadcaster says of its event loop' },
        );
        return JSON.parse(text) as Held;
      },
    };
  }

  /** Stops the servers that were started so far, but not Redis. */
  async clear(): Promise<void> {
    for (const server of this.#started.splice(0)) {
      await (this.#profiles === undefined ? server.kill() : server.stop());
    }
  }

  async close(): Promise<void> {
    await this.clear();
    this.#redis.disconnect();
    await this.#redisServer.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #start(
    name: string,
    port: number,
    args: readonly string[],
    readyPath = '/',
    environment: Readonly<Record<string, string>> = {},
  ): Promise<LocalServer> {
    const log = join(this.folder, `${name.replace(' ', '-')}-${port}.log`);
    const server = createNodeService({
      name,
      args:
        this.#profiles === undefined
          ? args
          : ['--cpu-prof', `--cpu-prof-dir=${this.#profiles}`, ...args],
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        REDIS_URL: this.#redisServer.url,
        HOST: '127.0.0.1',
        PORT: `${port}`,
        SHARDS: `${SHARDS}`,
        JWT_SECRET: randomBytes(32).toString('hex'),
        MAX_VIEWERS_PER_ADDRESS: '0',
        ...environment,
      },
      port,
      log,
      healthPath: readyPath === '/' ? '/' : '/healthz',
    });
    this.#started.push(server);
    await server.start();
    await waitUntilReady(server, { path: readyPath, log, withinMs: READY_WITHIN_MS });
    return server;
  }
}
