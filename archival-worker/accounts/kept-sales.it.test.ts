/** Sales of deleted accounts that are to be kept: who was named, where, and until when. */
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { toolSettings } from '../config.ts';
import { runVerify } from '../create-verify.ts';
import { logEntries, shardOf } from '../testing/rebuild-stage.ts';
import { SHARDS, TestSystem, tokenOf } from '../testing/test-system.ts';
import { differenceText } from '../verify/difference.ts';

let system: TestSystem;
let auctions: ScriptedAuctions;

beforeAll(async () => {
  system = await TestSystem.start();
  auctions = new ScriptedAuctions(system.redisClient, SHARDS);
}, 120_000);
afterAll(() => system.stop());

/** Sealed, and forgotten by Redis. */
async function endOf(auctionId: string): Promise<void> {
  await until('it is sealed', async () => {
    const rows = await system.sql`
      SELECT FROM seals WHERE auction_id = ${auctionId} AND redis_told_at IS NOT NULL`;
    return rows.length === 1;
  });
  await system.redisClient.del(Object.values(auctionKeys(shardOf(auctionId), auctionId)));
}

async function verify(): Promise<string[]> {
  const { REDIS_URL, NATS_URL, DATABASE_URL } = system.settings();
  const found: string[] = [];
  await runVerify(
    toolSettings('verify', {}, { REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${SHARDS}` }),
    { progress: () => undefined, found: (difference) => found.push(differenceText(difference)) },
    createLogger('verify', 'silent'),
  );
  return found;
}

/** In how many rows of the auction's events eve is named, by private part and by column. */
async function named(auctionId: string): Promise<unknown> {
  const [row] = await system.sql`
    SELECT count(*) FILTER (WHERE private LIKE '%"eve"%')::int AS bytes,
           count(*) FILTER (WHERE user_id = 'eve')::int AS columns
      FROM events WHERE auction_id = ${auctionId}`;
  return row;
}

test(
  'a sale keeps its parties in its events alone, for as long as it must',
  { timeout: 180_000 },
  async () => {
    const worker = await system.startWorker({ KEEP_SALES_DAYS: '1' });
    // Won by eve, and one in which she was beaten.
    const [won, beaten] = ['a1-won', 'a2-beaten'];
    await auctions.create(won, { buyNowPrice: 4_000 });
    await auctions.buyNow(won, 'eve');
    await auctions.create(beaten, { buyNowPrice: 50_000, durationMs: 2_000 });
    await auctions.bid(beaten, { userId: 'eve', maxAmount: 2_000 });
    await auctions.bid(beaten, { userId: 'ben', maxAmount: 3_000 });
    await until('it has ended', async () => {
      await auctions.touch(beaten);
      return (await system.redisClient.hget(auctionKeys(2, beaten).auction, 'status')) === 'ended';
    });
    const entries = await logEntries(system, [won, beaten]);
    await system.publish(entries);
    await Promise.all([won, beaten].map(endOf));

    const account = `http://127.0.0.1:${worker.port}/v1/users/me`;
    const headers = { authorization: `Bearer ${tokenOf('eve')}` };
    expect((await fetch(account, { method: 'DELETE', headers })).status).toBe(202);
    await until(
      'what was no sale of hers is erased',
      async () => {
        const left =
          await system.sql`SELECT auction_id FROM erasures UNION SELECT user_id FROM deletions`;
        return left.length === 1 && left[0]?.['auction_id'] === won;
      },
      60_000,
    );
    expect(await named(beaten)).toEqual({ bytes: 0, columns: 0 });
    expect(await named(won)).toEqual({ bytes: 1, columns: 0 });
    const [{ statistics } = {}] = await system.sql`
    SELECT (SELECT count(*) FROM bid_hours WHERE user_id = 'eve')
         + (SELECT count(*) FROM wins WHERE user_id = 'eve')
         + (SELECT count(*) FROM bidder_totals WHERE user_id = 'eve')
         + (SELECT count(*) FROM winner_totals WHERE user_id = 'eve')
         + (SELECT count(*) FROM auctions WHERE leader_id = 'eve') AS statistics`;
    expect(Number(statistics)).toBe(0);
    expect(await verify()).toEqual([]);

    // Its time is over.
    await system.stopWorkers();
    await system.startWorker({ KEEP_SALES_DAYS: '0' });
    await until(
      'the sale is erased too',
      async () => {
        return (await system.sql`SELECT FROM erasures`).length === 0;
      },
      60_000,
    );
    expect(await named(won)).toEqual({ bytes: 0, columns: 0 });
    expect(await verify()).toEqual([]);

    // What JetStream still has, and delivers again.
    await system.publish(entries);
    await system.allAcknowledged();
    expect([await named(won), await named(beaten)]).toEqual([
      { bytes: 0, columns: 0 },
      { bytes: 0, columns: 0 },
    ]);
    expect(await verify()).toEqual([]);
    expect((await system.sql`SELECT FROM conflicts`).length).toBe(0);

    // What is left is compared all the same.
    await system.sql`UPDATE events SET amount = amount + 1 WHERE auction_id = ${won} AND type = 'bought'`;
    expect((await verify())[0]).toContain('column amount is');
    await system.sql`
    UPDATE events SET amount = amount - 1, hidden = sha256('x')
     WHERE auction_id = ${won} AND type = 'bought'`;
    expect((await verify())[0]).toContain('not the one that was sealed');
  },
);
