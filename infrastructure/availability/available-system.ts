/** The built services, two of each, on servers of which some may die. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import connectPostgres, { type Sql } from 'postgres';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNatsCluster, type LocalNatsCluster } from '@outcry/local/servers/nats-cluster.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedisCluster, type LocalCluster } from '@outcry/local/servers/redis-cluster.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_WITHIN_MS = 30_000;
export const SHARDS = 8;

export interface AvailableOptions {
  /** Three masters with a replica each, in the place of one Redis. */
  readonly redisCluster?: { readonly durability: 'fsync' | 'replica' };
  /** Three servers, in the place of one. */
  readonly natsCluster?: boolean;
}

export interface AvailableSystem {
  readonly gateways: readonly LocalServer[];
  readonly broadcasters: readonly LocalServer[];
  readonly workers: readonly LocalServer[];
  readonly redis: LocalCluster | undefined;
  readonly nats: LocalNatsCluster | undefined;
  readonly sql: Sql;
  /** Where all of them keep their data and logs. */
  readonly folder: string;
  /** What all services, and tools of an operator, are given. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts a service that was stopped, and waits until it is ready. */
  startAgain(service: LocalServer): Promise<void>;
  stop(): Promise<void>;
}

/** Starts what `npm run build` built, and waits until all of it is ready. */
export async function startAvailableSystem(options: AvailableOptions): Promise<AvailableSystem> {
  // In the checkout and not in a temporary folder, which may be in memory.
  await mkdir(join(ROOT, '.local'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.local', 'available-'));
  const cleanUps: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  };
  try {
    const [redis, nats, postgres] = await Promise.all([
      startRedisServers(folder, options),
      options.natsCluster === true
        ? startNatsCluster({ dataDir: join(folder, 'nats') })
        : startNats({ dataDir: join(folder, 'nats') }),
      startPostgres({ dataDir: join(folder, 'postgres') }),
    ]);
    cleanUps.push(() => Promise.all([redis.stop(), nats.stop(), postgres.stop()]));
    await runScript('migrate', {
      root: ROOT,
      log: join(folder, 'migrate.log'),
      env: { DATABASE_URL: postgres.url },
    });
    const sql = connectPostgres(postgres.url, { max: 2, onnotice: () => undefined });
    cleanUps.push(() => sql.end({ timeout: 5 }));
    const startAgain = async (service: LocalServer): Promise<void> => {
      await service.start();
      const log = join(folder, `${service.name}.log`);
      await waitUntilReady(service, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
    };
    const environment = {
      NODE_ENV: 'development',
      AUTH_MODE: 'dev',
      JWT_SECRET: randomBytes(32).toString('hex'),
      HOST: '127.0.0.1',
      SHARDS: `${SHARDS}`,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_USER_PER_S: '0',
      MAX_PER_SELLER: '0',
      RATE_LIMIT_ADDRESS_PER_S: '0',
      REDIS_URL: 'masters' in redis ? redis.masters.map(({ url }) => url).join(',') : redis.url,
      REDIS_CLUSTER: `${options.redisCluster !== undefined}`,
      BID_DURABILITY: options.redisCluster?.durability ?? 'fsync',
      NATS_URL: nats.url,
      NATS_STREAM_REPLICAS: options.natsCluster === true ? '3' : '1',
      NATS_STREAM_MAX_BYTES: `${256 * 1024 * 1024}`,
      DATABASE_URL: postgres.url,
    };
    const two = async (name: string, more: Record<string, string> = {}): Promise<LocalServer[]> => {
      const services = await Promise.all(
        [1, 2].map(async (i) => {
          const port = await freePort();
          return createNodeService({
            name: `${name}-${i}`,
            args: ['--enable-source-maps', join(ROOT, name, 'dist', 'main.js')],
            cwd: ROOT,
            env: { PATH: process.env['PATH'], ...environment, PORT: `${port}`, ...more },
            port,
            log: join(folder, `${name}-${i}.log`),
          });
        }),
      );
      cleanUps.push(() => Promise.all(services.map((service) => service.stop())));
      await Promise.all(services.map(startAgain));
      return services;
    };
    // The worker declares the empty Redis whole, which the gateways wait for.
    const workers = await two('archival-worker');
    const gateways = await two('api-gateway');
    const broadcasters = await two('broadcast-service', { GATEWAY_URL: gateways[0]?.url ?? '' });
    return {
      gateways,
      broadcasters,
      workers,
      redis: 'masters' in redis ? redis : undefined,
      nats: 'servers' in nats ? nats : undefined,
      sql,
      folder,
      environment,
      startAgain,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startRedisServers(
  folder: string,
  { redisCluster }: AvailableOptions,
): Promise<LocalCluster | LocalServer> {
  const dataDir = join(folder, 'redis');
  if (redisCluster === undefined) return startRedis({ dataDir });
  return startRedisCluster({
    dataDir,
    hasReplicas: true,
    args: redisCluster.durability === 'replica' ? ['--min-replicas-to-write', '1'] : [],
  });
}
