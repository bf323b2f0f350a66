/** What sellers can put into Redis has bounds, and bids go on whatever they do. */
import { afterEach, expect, test } from 'vitest';
import { auctionKeys, itemKey } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestAnswer,
  type TestGateway,
} from './testing/test-gateway.ts';

const MEMORY = 64 * 1024 * 1024;
/** At least so often somebody bids while others create. */
const BIDS = 100;
/** As large as they may be, in characters that take most bytes. */
const LARGEST_ITEM = {
  title: '語'.repeat(200),
  description: '"🎉語'.repeat(1_250),
  imageUrl: `https://example.org/${'x'.repeat(1_900)}`,
};

let gateway: TestGateway;
afterEach(() => gateway.stop());

const createItem = (token: string, key?: string): Promise<TestAnswer> =>
  call(gateway, 'POST', '/v1/items', {
    token,
    body: LARGEST_ITEM,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });

const createAuction = (token: string): Promise<TestAnswer> =>
  call(gateway, 'POST', '/v1/auctions', {
    token,
    body: { item: LARGEST_ITEM, currency: 'EUR', startPrice: 100, durationSeconds: 3_600 },
  });

/** What bids were answered while sellers did nothing but create, until they had `enough` answers. */
async function bidWhileOthersCreate(enough: (codes: readonly string[]) => boolean): Promise<{
  bids: string[];
  creations: string[];
}> {
  const id = await newAuction(gateway, { durationSeconds: 3_600 });
  const bidders = await Promise.all([tokenFor(gateway, 'ann'), tokenFor(gateway, 'bob')]);
  const sellers = await Promise.all(['mal', 'eve'].map((user) => tokenFor(gateway, user)));
  const creations: string[] = [];
  const bids: string[] = [];
  const over = new AbortController();
  const creating = sellers.flatMap((token) =>
    [createItem, createAuction, createAuction].map(async (create) => {
      while (!over.signal.aborted) {
        const { status, body } = await create(token);
        creations.push(body.code ?? `${status}`);
      }
    }),
  );
  try {
    for (let nth = 0; nth < BIDS || !enough(creations); nth += 1) {
      const answer = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, {
        token: bidders[nth % 2] ?? '',
        body: { maxAmount: (nth + 1) * 20_000 },
      });
      bids.push(answer.body.code ?? `${answer.status}`);
    }
  } finally {
    over.abort();
    await Promise.all(creating);
  }
  return { bids, creations };
}

const count = (codes: readonly string[], code: string): number =>
  codes.filter((each) => each === code).length;

test('sellers that only create never make a bid unavailable, with no quota at 64 MB', async () => {
  gateway = await startTestGateway();
  await gateway.redis.config('SET', 'maxmemory', `${MEMORY}`);
  const { bids, creations } = await bidWhileOthersCreate(
    (codes) => count(codes, 'UNAVAILABLE') > 200,
  );
  expect(new Set(bids)).toEqual(new Set(['201']));
  expect(new Set(creations)).toEqual(new Set(['201', 'UNAVAILABLE']));
  const used = Number(/used_memory:(\d+)/.exec(await gateway.redis.info('memory'))?.[1]);
  expect(used).toBeLessThan(0.85 * MEMORY);
}, 300_000);

test('a quota bounds what one user may have, closed auctions included, and bids go on', async () => {
  gateway = await startTestGateway({ MAX_PER_SELLER: '20' });
  await gateway.redis.config('SET', 'maxmemory', `${MEMORY}`);
  const { bids, creations } = await bidWhileOthersCreate(
    (codes) => count(codes, 'QUOTA_REACHED') > 100,
  );
  expect(new Set(bids)).toEqual(new Set(['201']));
  // Two users, of each 20 items and 20 auctions.
  expect(count(creations, '201')).toBe(80);
  expect(new Set(creations)).toEqual(new Set(['201', 'QUOTA_REACHED']));
}, 120_000);

test('who creates and cancels in a loop meets the quota too; an admin does not', async () => {
  gateway = await startTestGateway({ MAX_PER_SELLER: '3' });
  const sam = await tokenFor(gateway, 'sam');
  const codes: unknown[] = [];
  for (let nth = 0; nth < 4; nth += 1) {
    const created = await createAuction(sam);
    codes.push(created.body.code ?? created.status);
    const path = `/v1/auctions/${String(created.body['id'])}/cancel`;
    if (created.status === 201) await call(gateway, 'POST', path, { token: sam, body: {} });
  }
  expect(codes).toEqual([201, 201, 201, 'QUOTA_REACHED']);
  const admin = await tokenFor(gateway, 'sam', ['admin']);
  expect((await createAuction(admin)).status).toBe(201);
});

test('what Redis has forgotten makes room; a repeated request needs none', async () => {
  gateway = await startTestGateway({ MAX_PER_SELLER: '2' });
  const sam = await tokenFor(gateway, 'sam');
  const first = await createItem(sam, 'first');
  await createItem(sam, 'second');
  expect((await createItem(sam, 'third')).body.code).toBe('QUOTA_REACHED');
  expect((await createItem(sam, 'first')).body).toEqual(first.body);

  // As after the week that an item is kept.
  const id = String(first.body['id']);
  await gateway.redis.del(itemKey(shardOfId(id, gateway.shards) ?? 0, id));
  const [list = ''] = await gateway.redis.keys('*:creations:i:sam');
  await gateway.redis.zadd(list, 1, id);
  const another = await gateway.startAnother({ MAX_PER_SELLER: '2' });
  const answer = await call({ url: `http://127.0.0.1:${another.port}` }, 'POST', '/v1/items', {
    token: sam,
    body: { title: 'A third thing' },
  });
  expect(answer.status).toBe(201);
});

test('an item without an auction expires in Redis, one with an auction does not', async () => {
  gateway = await startTestGateway();
  const sam = await tokenFor(gateway, 'sam');
  const { body } = await createItem(sam);
  const id = String(body['id']);
  const key = itemKey(shardOfId(id, gateway.shards) ?? 0, id);
  const week = 7 * 24 * 60 * 60;
  expect(await gateway.redis.ttl(key)).toBeGreaterThan(week - 60);
  const auction = await newAuction(gateway, { item: undefined, itemId: id });
  expect(await gateway.redis.ttl(key)).toBe(-1);
  const { log } = auctionKeys(shardOfId(auction, gateway.shards) ?? 0, auction);
  const [entry] = await gateway.redis.xrange(log, '-', '+');
  // The archive gets the texts from the first event.
  expect(entry?.[1][3]).toContain(JSON.stringify(LARGEST_ITEM.description));
});

test('refused creations leave nothing but their claim', async () => {
  gateway = await startTestGateway();
  const sam = await tokenFor(gateway, 'sam');
  const refused = await call(gateway, 'POST', '/v1/auctions', {
    token: sam,
    body: {
      item: LARGEST_ITEM,
      currency: 'EUR',
      startPrice: 100,
      endsAt: '2020-01-01T00:00:00Z',
    },
    headers: { 'idempotency-key': 'too-late' },
  });
  expect(refused.status).toBe(422);
  const keys = await gateway.redis.keys('*');
  const left = keys.filter((key) => !/:(?:whole|lease|attended)$|^outcry:|^rate:/.test(key));
  expect(left.map((key) => key.replace(/^\{s\d\}:([a-z]+):.*$/, '$1'))).toEqual(['claim']);
});
