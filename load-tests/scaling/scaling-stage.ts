/** Servers with any number of gateways or broadcasters, each a process of its own. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { BENCH_SHARDS } from '../bench/part-options.ts';
import { readyRedis } from '../ready-redis.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_WITHIN_MS = 20_000;

export class ScalingStage {
  readonly redis: LocalServer;
  readonly nats: LocalServer;
  readonly connection: Redis;
  /** Holds the servers' data until the end. */
  readonly folder: string;
  readonly #services = new Map<string, LocalServer[]>();
  readonly #secret = randomBytes(32).toString('hex');

  private constructor(folder: string, redis: LocalServer, nats: LocalServer, connection: Redis) {
    this.folder = folder;
    this.redis = redis;
    this.nats = nats;
    this.connection = connection;
  }

  /**
   * Builds the services and starts the servers. Data lies in the checkout and not in a temporary
   * folder, which may be in memory.
   */
  static async open(say: (line: string) => void): Promise<ScalingStage> {
    const local = join(ROOT, '.local');
    await mkdir(local, { recursive: true });
    const folder = await mkdtemp(join(local, 'scaling-'));
    const started: LocalServer[] = [];
    let connection: Redis | undefined;
    try {
      say('building');
      await runScript('build', { root: ROOT, log: join(folder, 'build.log') });
      const redis = await startRedis({ dataDir: join(folder, 'redis'), say });
      started.push(redis);
      const nats = await startNats({ dataDir: join(folder, 'nats'), say });
      started.push(nats);
      connection = await readyRedis(redis.url, 'scaling');
      await markShardsWhole(connection, BENCH_SHARDS);
      return new ScalingStage(folder, redis, nats, connection);
    } catch (error) {
      connection?.disconnect();
      for (const server of started) await server.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** That many gateways, of which those that run already are the first. */
  gateways(count: number): Promise<readonly LocalServer[]> {
    return this.#running('api-gateway', count);
  }

  broadcasters(count: number): Promise<readonly LocalServer[]> {
    return this.#running('broadcast-service', count);
  }

  async close(): Promise<void> {
    this.connection.disconnect();
    for (const service of [...this.#services.values()].flat()) await service.kill();
    await this.nats.stop();
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Starts what is missing and ends what is too much: it would take its share of the machine. */
  async #running(workspace: string, count: number): Promise<readonly LocalServer[]> {
    const running = this.#services.get(workspace) ?? [];
    this.#services.set(workspace, running);
    for (const extra of running.splice(count)) await extra.stop();
    while (running.length < count) {
      const service = await this.#service(workspace, running.length + 1);
      running.push(service);
      await service.start();
      const log = join(this.folder, `${service.name}.log`);
      await waitUntilReady(service, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
    }
    return running;
  }

  async #service(workspace: string, number: number): Promise<LocalServer> {
    const port = await freePort();
    const name = `${workspace}-${number}`;
    return createNodeService({
      name,
      args: [join(workspace, 'dist', 'main.js')],
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'development',
        AUTH_MODE: 'dev',
        JWT_SECRET: this.#secret,
        HOST: '127.0.0.1',
        PORT: `${port}`,
        REDIS_URL: this.redis.url,
        NATS_URL: this.nats.url,
        SHARDS: `${BENCH_SHARDS}`,
        LOG_LEVEL: 'warn',
        RATE_LIMIT_USER_PER_S: '0',
        MAX_PER_SELLER: '0',
        RATE_LIMIT_ADDRESS_PER_S: '0',
        MAX_VIEWERS_PER_ADDRESS: '0',
      },
      port,
      log: join(this.folder, `${name}.log`),
    });
  }
}
