/** What a run needs: Redis (one or a cluster), NATS, and gateways as processes of their own. */
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startRedisCluster } from '@outcry/local/servers/redis-cluster.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedisOrCluster, untilReady, type RedisClient } from '@outcry/shared/runtime/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';

const GATEWAYS = 2;
/** Few, so that most calls decide bids of several auctions; on a cluster every master has some. */
const SHARDS = 2;
const SHARDS_OF_CLUSTER = 8;
const READY_WITHIN_MS = 20_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = join(ROOT, 'api-gateway', 'dist');

/** A defect to plant into what was built: a text of `file` that is there once, and its change. */
export interface Defect {
  /** Path in the gateway's `dist`. */
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
}

export interface StageOptions {
  readonly isCluster?: boolean;
  readonly defect?: Defect;
}

export interface HistoryStage {
  readonly gateways: readonly LocalServer[];
  /** One, or the masters of the cluster. */
  readonly redisServers: readonly LocalServer[];
  readonly redis: RedisClient;
  readonly shards: number;
  /** A token of a user who may bid and sell. */
  tokenOf(userId: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts everything and waits until both gateways are ready; the gateway must have been built. */
export async function startHistoryStage(options: StageOptions = {}): Promise<HistoryStage> {
  const { isCluster = false } = options;
  const shards = isCluster ? SHARDS_OF_CLUSTER : SHARDS;
  // In the checkout and not in a temporary folder, which may be in memory.
  await mkdir(join(ROOT, '.local'), { recursive: true });
  const folder = await mkdtemp(join(ROOT, '.local', 'histories-'));
  const cleanUps: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  };
  try {
    const program = await copyBuilt(folder, options.defect);
    const dataDir = join(folder, 'redis');
    const redisServer = await (isCluster ? startRedisCluster : startRedis)({ dataDir });
    cleanUps.push(() => redisServer.stop());
    const nats = await startNats({ dataDir: join(folder, 'nats') });
    cleanUps.push(() => nats.stop());
    const address = { REDIS_URL: redisServer.url, REDIS_CLUSTER: isCluster };
    const redis = openRedisOrCluster(address, 'histories', createLogger('histories', 'silent'));
    cleanUps.push(() => redis.disconnect());
    await untilReady(redis, READY_WITHIN_MS);
    // A cluster's client is ready before its connections to all nodes are.
    const mark = (): Promise<boolean> => markShardsWhole(redis, shards).then(isDone, isNotDone);
    await waitUntil(mark, { withinMs: READY_WITHIN_MS, what: 'the preparing of Redis' });

    const environment = {
      NODE_ENV: 'development',
      AUTH_MODE: 'dev',
      JWT_SECRET: randomBytes(32).toString('hex'),
      JWT_JWKS_URL: '',
      HOST: '127.0.0.1',
      REDIS_URL: redisServer.url,
      REDIS_CLUSTER: `${isCluster}`,
      NATS_URL: nats.url,
      SHARDS: `${shards}`,
      LOG_LEVEL: 'warn',
      RATE_LIMIT_USER_PER_S: '0',
      MAX_PER_SELLER: '0',
      RATE_LIMIT_ADDRESS_PER_S: '0',
    };
    const gateways: LocalServer[] = [];
    for (let i = 0; i < GATEWAYS; i += 1) {
      const port = await freePort();
      const gateway = createNodeService({
        name: `gateway ${i}`,
        args: [program],
        cwd: ROOT,
        env: { ...environment, PORT: `${port}` },
        port,
        log: join(folder, `gateway-${i}.log`),
      });
      await gateway.start();
      cleanUps.push(() => gateway.stop());
      gateways.push(gateway);
    }
    await untilGatewaysReady(gateways, folder);
    const tokenOf = (userId: string): Promise<string> => devToken(gateways[0]?.url ?? '', userId);
    const redisServers = 'masters' in redisServer ? redisServer.masters : [redisServer];
    return { gateways, redisServers, redis, shards, tokenOf, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const isDone = (): boolean => true;
const isNotDone = (): boolean => false;

async function untilGatewaysReady(gateways: readonly LocalServer[], folder: string): Promise<void> {
  await Promise.all(
    gateways.map((gateway, i) => {
      const log = join(folder, `gateway-${i}.log`);
      return waitUntilReady(gateway, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
    }),
  );
}

/** Copies the built gateway, so that a build beside a run disturbs nothing; gives its main file. */
async function copyBuilt(folder: string, defect: Defect | undefined): Promise<string> {
  const copy = join(folder, 'gateway');
  try {
    await cp(BUILT, copy, { recursive: true });
  } catch (error) {
    throw new Error('the gateway is not built; run `npm run build` first', { cause: error });
  }
  if (defect !== undefined) {
    const file = join(copy, defect.file);
    const [before, after, ...more] = (await readFile(file, 'utf8')).split(defect.right);
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`${defect.file} must have "${defect.right}" exactly once`);
    }
    await writeFile(file, before + defect.wrong + after);
  }
  return join(copy, 'main.js');
}

async function devToken(gatewayUrl: string, userId: string): Promise<string> {
  const response = await fetch(`${gatewayUrl}/v1/dev/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, roles: ['bidder', 'seller'] }),
    signal: AbortSignal.timeout(10_000),
  });
  const body: unknown = await response.json();
  if (typeof body === 'object' && body !== null && 'token' in body) return String(body.token);
  throw new Error(`no token for ${userId}: ${JSON.stringify(body)}`);
}
