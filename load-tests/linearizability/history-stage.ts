/** What a run needs: Redis (one or a cluster), NATS, and gateways as processes of their own. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedisOrCluster, untilReady, type RedisClient } from '@outcry/shared/runtime/redis.ts';
import { keepShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { tokensOf } from '../crowd/people.ts';
import { ROOT, TestBed } from '../system/test-bed.ts';

const GATEWAYS = ['gateway-0', 'gateway-1'];
/** Few, so that most calls decide bids of several auctions; on a cluster every master has some. */
const SHARDS = 2;
const SHARDS_OF_CLUSTER = 8;
const READY_WITHIN_MS = 20_000;
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
  const bed = await TestBed.open('histories');
  try {
    const main = await copyBuilt(bed.folder, options.defect);
    const servers = isCluster ? await bed.redisCluster() : await bed.redis();
    const address = { REDIS_URL: servers.url, REDIS_CLUSTER: isCluster };
    const redis = openRedisOrCluster(address, 'histories', createLogger('histories', 'silent'));
    bed.onClose(() => redis.disconnect());
    await untilReady(redis, READY_WITHIN_MS);
    // A cluster's client is ready before its connections to all nodes are.
    const mark = (): Promise<boolean> =>
      keepShardsWhole(redis, shards).then(
        () => true,
        () => false,
      );
    await waitUntil(mark, { withinMs: READY_WITHIN_MS, what: 'the preparing of Redis' });
    const addresses = { redis: servers.url, nats: (await bed.nats()).url };
    const env = { REDIS_CLUSTER: `${isCluster}`, SHARDS: `${shards}` };
    const gateways = await Promise.all(
      GATEWAYS.map((name) => bed.service('api-gateway', addresses, { name, run: [main], env })),
    );
    await Promise.all(gateways.map((gateway) => bed.start(gateway)));
    return {
      gateways,
      redisServers: 'masters' in servers ? servers.masters : [servers],
      redis,
      shards,
      async tokenOf(userId) {
        const [token = ''] = await tokensOf(gateways[0]?.url ?? '', [userId], ['bidder', 'seller']);
        return token;
      },
      stop: () => bed.close(),
    };
  } catch (error) {
    await bed.close();
    throw error;
  }
}

/** Copies the built gateway, so that a build beside a run disturbs nothing; gives its main file. */
async function copyBuilt(folder: string, defect: Defect | undefined): Promise<string> {
  const copy = join(folder, 'gateway');
  await cp(BUILT, copy, { recursive: true }).catch((cause: unknown) => {
    throw new Error('the gateway is not built; run `npm run build` first', { cause });
  });
  if (defect !== undefined) {
    const file = join(copy, defect.file);
    const parts = (await readFile(file, 'utf8')).split(defect.right);
    if (parts.length !== 2) {
      throw new Error(`${defect.file} must have "${defect.right}" exactly once`);
    }
    await writeFile(file, parts.join(defect.wrong));
  }
  return join(copy, 'main.js');
}
