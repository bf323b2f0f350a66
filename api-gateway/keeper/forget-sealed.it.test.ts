/** Redis lets go of an auction when its seal is there and its grace period is over, never before. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  auctionKeys,
  itemKey,
  ITEM_KEPT_SECONDS,
  shardKeys,
} from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
let ann: string;
let sam: string;
/** The auction of a test, ended, and where it lives. */
let id: string;
let itemId: string;
let shard: number;

beforeAll(async () => {
  gateway = await startTestGateway();
  ann = await tokenFor(gateway, 'ann');
  sam = await tokenFor(gateway, 'sam');
});
afterAll(() => gateway.stop());

beforeEach(async () => {
  id = await newAuction(gateway, { buyNowPrice: 2_000 });
  shard = shardOfId(id, gateway.shards) ?? 0;
  const buying = { token: ann, body: {}, headers: { 'idempotency-key': 'k' } };
  expect((await call(gateway, 'POST', `/v1/auctions/${id}/buy-now`, buying)).status).toBe(201);
  itemId = (await gateway.redis.hget(keys().auction, 'itemId')) ?? '';
  expect(await gateway.redis.hget(keys().auction, 'status')).toBe('ended');
});

const keys = () => auctionKeys(shard, id);
const view = () => call(gateway, 'GET', `/v1/auctions/${id}`);
const item = () => call(gateway, 'GET', `/v1/items/${itemId}`);

/** As the archive does it: the seal in the hash, and when the keys may go. */
async function seal(mayGoAt: number): Promise<void> {
  await gateway.redis.hset(keys().auction, 'sealedAt', '1');
  await gateway.redis.zadd(shardKeys(shard).sealed, mayGoAt, id);
}

const untilForgotten = () =>
  until('the auction is forgotten', async () => {
    return (await gateway.redis.zscore(shardKeys(shard).sealed, id)) === null;
  });

/** Names of all keys and sorted sets of the shard in which the auction still occurs. */
async function traces(): Promise<string[]> {
  const { ended, cancelled, behind, sealed, live, scheduled } = shardKeys(shard);
  const named = await gateway.redis.keys(`*${id}*`);
  const listed = await Promise.all(
    [ended, cancelled, behind, sealed, live, scheduled].map(async (set) =>
      (await gateway.redis.zscore(set, id)) === null ? [] : [set],
    ),
  );
  return [...named, ...listed.flat()];
}

test('all of a sealed auction goes when its time has come; its item can be sold again', async () => {
  await seal(Date.now() + 1_500);
  expect((await view()).status).toBe(200);
  await untilForgotten();
  expect(await traces()).toEqual([]);
  expect((await view()).body.code).toBe('AUCTION_NOT_FOUND');
  const bid = { token: ann, body: { amount: 3_000 } };
  const answer = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, bid);
  expect(answer.body.code).toBe('AUCTION_NOT_FOUND');
  expect(await traces()).toEqual([]);

  expect((await item()).body['auctionId']).toBeNull();
  const key = itemKey(shard, itemId);
  expect(await gateway.redis.ttl(key)).toBeGreaterThan(ITEM_KEPT_SECONDS - 60);
  const terms = { itemId, currency: 'USD', startPrice: 1_000, durationSeconds: 60 };
  const again = await call(gateway, 'POST', '/v1/auctions', { token: sam, body: terms });
  expect(again.status).toBe(201);
  expect(await gateway.redis.ttl(key)).toBe(-1);
});

test('an auction on the list without a seal is kept', async () => {
  await gateway.redis.zadd(shardKeys(shard).sealed, 1, id);
  await untilForgotten();
  expect((await view()).status).toBe(200);
  expect(await gateway.redis.exists(keys().auction, keys().log)).toBe(2);
});

test('many sealed auctions go in a few rounds', async () => {
  const { sealed } = shardKeys(shard);
  const ids = Array.from({ length: 1_000 }, (_, i) => `a${shard}-sealed${i}`);
  const pipeline = gateway.redis.pipeline();
  for (const each of ids) {
    pipeline.hset(auctionKeys(shard, each).auction, { status: 'ended', sealedAt: '1' });
    pipeline.zadd(sealed, 1, each);
  }
  await pipeline.exec();
  await until('all are gone', async () => (await gateway.redis.zcard(sealed)) === 0);
  expect(await gateway.redis.keys('*-sealed*')).toEqual([]);
});

// The last one: the gateway notices only a moment later that there is room again.
test('works in a full Redis', async () => {
  await seal(Date.now() + 1_000);
  await gateway.redis.config('SET', 'maxmemory', '1mb');
  try {
    await expect(gateway.redis.set('a-key', 'x')).rejects.toThrow('OOM');
    await untilForgotten();
    expect(await traces()).toEqual([]);
  } finally {
    await gateway.redis.config('SET', 'maxmemory', '0');
  }
});
