import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { shardKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import { markShardsWhole, markShardWhole } from '@outcry/shared/testing/prepare-redis.ts';
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

beforeAll(async () => {
  gateway = await startTestGateway();
  ann = await tokenFor(gateway, 'ann');
});
afterAll(() => gateway.stop());

const bid = (id: string, maxAmount: number, key: string) =>
  call(gateway, 'POST', `/v1/auctions/${id}/bids`, {
    token: ann,
    body: { maxAmount },
    headers: { 'idempotency-key': key },
  });

test('kill -9 of Redis: 503 while it is away, then on with a new epoch and all that was accepted', async () => {
  const id = await newAuction(gateway);
  const before = await bid(id, 2_000, 'before');
  await gateway.redisServer.kill();
  await until('bids are refused as unavailable', async () => {
    const answer = await bid(id, 3_000, 'during');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    return answer.body.code === 'UNAVAILABLE';
  });
  expect((await call(gateway, 'GET', '/readyz')).status).toBe(503);
  // Whether an id is one of this system is not known without Redis.
  for (const unknown of ['a0-none', 'a9999-none', 'none']) {
    const answer = await call(gateway, 'GET', `/v1/auctions/${unknown}`);
    expect(answer.body.code, unknown).toBe('UNAVAILABLE');
  }
  await gateway.redisServer.start();
  await until('bids are taken again', async () => (await bid(id, 3_000, 'after')).status === 201);
  expect((await bid(id, 2_000, 'before')).body).toEqual(before.body);
  const auction = await call(gateway, 'GET', `/v1/auctions/${id}`);
  // scheduled, started, the first bid | epoch, the raise
  expect(auction.body).toMatchObject({ seq: 5, leader: 1, bidCount: 1 });
  expect(auction.body['epoch']).toBeGreaterThan(1);
});

test('SCRIPT FLUSH is not noticed', async () => {
  const id = await newAuction(gateway);
  await gateway.redis.script('FLUSH');
  expect((await bid(id, 2_000, 'x')).status).toBe(201);
});

test('without the marker of a shard its auctions are unavailable, not missing', async () => {
  const id = await newAuction(gateway);
  const shard = Number(id.slice(1, id.indexOf('-')));
  await gateway.redis.del(shardKeys(shard).whole);
  expect((await bid(id, 2_000, 'y')).body.code).toBe('UNAVAILABLE');
  const itemId = id.replace('a', 'i');
  for (const path of [`/v1/auctions/${id}`, `/v1/items/${itemId}`, '/v1/auctions']) {
    expect((await call(gateway, 'GET', path)).body.code, path).toBe('UNAVAILABLE');
  }
  await markShardWhole(gateway.redis, shard);
  expect((await bid(id, 2_000, 'y')).status).toBe(201);
});

test('a creation that is repeated while its claim is lost makes no second auction', async () => {
  const create = async () =>
    call(gateway, 'POST', '/v1/auctions', {
      token: await tokenFor(gateway, 'sam'),
      headers: { 'idempotency-key': 'once' },
      body: { item: { title: 'Lamp' }, currency: 'EUR', startPrice: 100, durationSeconds: 60 },
    });
  const first = await create();
  const markers = Array.from({ length: gateway.shards }, (_, shard) => shardKeys(shard).whole);
  const [claim = ''] = await gateway.redis.keys('*:claim:*');
  const value = await gateway.redis.getdel(claim);
  await gateway.redis.del(...markers);
  expect((await create()).body.code).toBe('UNAVAILABLE');
  expect(await gateway.redis.exists(claim)).toBe(0);
  await gateway.redis.set(claim, value ?? '');
  await markShardsWhole(gateway.redis, gateway.shards);
  expect((await create()).body['id']).toBe(first.body['id']);
});

test('a Redis that could lose a bid is not ready; one with other shards is not served at all', async () => {
  const notReady = async (reason: string): Promise<void> => {
    const another = await gateway.startAnother();
    await until(`the gateway says: ${reason}`, async () => {
      const answer = await call({ url: `http://127.0.0.1:${another.port}` }, 'GET', '/readyz');
      return answer.status === 503 && JSON.stringify(answer.body).includes(reason);
    });
    await another.close();
  };
  await gateway.redis.config('SET', 'appendfsync', 'everysec');
  await notReady('appendfsync always');
  await gateway.redis.config('SET', 'appendfsync', 'always');
  onTestFinished(async () => {
    await gateway.redis.set(SHARDS_KEY, `${gateway.shards}`);
  });
  await gateway.redis.set(SHARDS_KEY, '5');
  await expect(gateway.startAnother()).rejects.toThrow('SHARDS=5');
});

test('Redis near its memory limit takes no bids, but auctions are read and still end on time', async () => {
  const id = await newAuction(gateway, { durationSeconds: 2, softClose: null });
  await bid(id, 2_000, 'early');
  const memory = await gateway.redis.info('memory');
  const used = Number(/^used_memory:(\d+)/m.exec(memory)?.[1]);
  await gateway.redis.config('SET', 'maxmemory', `${Math.floor(used / 2)}`);
  expect((await bid(id, 3_000, 'late')).body.code).toBe('UNAVAILABLE');
  await until('the auction has ended', async () => {
    const { body } = await call(gateway, 'GET', `/v1/auctions/${id}`);
    return String(body['status']) === 'ended' && body['outcome'] === 'sold';
  });
  await gateway.redis.config('SET', 'maxmemory', '0');
  const next = await newAuctionWhenPossible();
  expect((await bid(next, 2_000, 'again')).status).toBe(201);
});

async function newAuctionWhenPossible(): Promise<string> {
  let id = '';
  await until('auctions can be created again', async () => {
    id = await newAuction(gateway);
    return true;
  });
  return id;
}

test('GET of an auction that did not change answers 304', async () => {
  const id = await newAuction(gateway);
  const first = await call(gateway, 'GET', `/v1/auctions/${id}`);
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toBe('W/"1:2"');
  for (const known of [etag, 'W/"1:1", "1:2"', '*']) {
    const same = await call(gateway, 'GET', `/v1/auctions/${id}`, {
      headers: { 'if-none-match': known },
    });
    expect([known, same.status]).toEqual([known, 304]);
  }
  await bid(id, 2_000, 'x');
  const changed = await call(gateway, 'GET', `/v1/auctions/${id}`, {
    headers: { 'if-none-match': etag },
  });
  expect([changed.status, changed.headers.get('etag')]).toEqual([200, 'W/"1:3"']);
});
