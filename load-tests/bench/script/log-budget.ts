/** What bids leave behind in Redis while nothing is archived: how many, and for how many hours, it can hold. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { openWindow } from '../../system/process-use.ts';
import { readyRedis } from '../../system/redis.ts';
import { SHARDS } from '../../system/test-bed.ts';
import type { Measurement } from '../measurement.ts';

const BIDS = 50_000;
const BIDDERS = 500;
const GIB = 1024 ** 3;
/** The gateway refuses bids above this share of `maxmemory`. */
const USABLE_SHARE = 0.9;
const BIDS_PER_HOUR = 1_000 * 3_600;

/**
 * Bidders raise each other by exact bids, each under a key of its own, as SDKs send them.
 * @param batch bids in one script call: alone, or as group commit makes them on a busy auction
 */
const logBudget = (batch: number): Measurement => ({
  name: `log-budget-${batch}`,
  title: `what a bid leaves in Redis until it is archived, ${batch} in a script call`,
  counts: 'bids placed',
  warmsUp: false,
  async prepare(bed) {
    const server = await bed.shared('log-budget', () =>
      bed.redis('redis-of-log-budget', { whole: true, args: ['--appendfsync', 'no'] }),
    );
    const redis = await readyRedis(server.url, 'bench');
    bed.onClose(() => redis.disconnect());
    const auctions = new ScriptedAuctions(redis, SHARDS);
    let round = 0;
    return async ({ signal }) => {
      const auctionId = `a0-batch${batch}-${(round += 1)}`;
      await auctions.create(auctionId);
      const before = await usedMemory(redis);
      const close = openWindow({ redis: [server.pid()] });
      for (let placed = 0; placed < BIDS; placed += batch) {
        signal.throwIfAborted();
        const bids = Array.from({ length: batch }, (_, i) => ({
          userId: `user-${String((placed + i) % BIDDERS).padStart(12, '0')}`,
          amount: 10_000 * (placed + i + 1),
          key: randomUUID(),
        }));
        const answers = await auctions.bid(auctionId, ...bids);
        const refused = answers.find((answer) => !answer.startsWith('+OK'));
        if (refused !== undefined) throw new Error(`a bid was answered ${refused}`);
      }
      const { cores, seconds } = close();
      const all = ((await usedMemory(redis)) - before) / BIDS;
      const log = await redis.memory('USAGE', auctionKeys(0, auctionId).log, 'SAMPLES', 0);
      return {
        perSecond: BIDS / seconds,
        cores,
        figures: {
          'log, bytes a bid': (log ?? 0) / BIDS,
          'all, bytes a bid': all,
          'hours a GiB at 1,000 bids/s': (GIB * USABLE_SHARE) / all / BIDS_PER_HOUR,
        },
      };
    };
  },
});

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

export const logBudgetMeasurements: readonly Measurement[] = [1, 16, 128].map(logBudget);
