/** Redis restarts while a great many auctions are open: all begin epochs, and none ends late. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type PublicEvent } from '@outcry/shared/contracts/events.ts';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import { decideScriptBody, DecideScript } from '../adapters/redis/decide-script.ts';
import { newAuction } from '../auctions/create-requests.ts';
import { MAX_AUCTIONS_IN_CALL, type AuctionBatch } from '../bidding/auction-commands.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const { open, ending, endingSeconds } = SIZES.manyOpen;

const creation = (shard: number, auctionId: string, endsAt: number): AuctionBatch => ({
  shard,
  auctionId,
  commands: [
    {
      kind: 'create',
      userId: 'sam',
      admin: false,
      amount: 0,
      maxAmount: 0,
      key: 'once',
      fingerprint: 'x',
      creation: newAuction(auctionId, { id: `i${auctionId.slice(1)}`, title: 'A lamp' }, 'sam', {
        item: { title: 'A lamp' },
        currency: 'EUR',
        startPrice: 100,
        endsAt: new Date(endsAt).toISOString(),
        softClose: null,
      }),
    },
  ],
});

/** Creates auctions past HTTP, many in a call. */
async function createMany(
  on: TestGateway,
  ids: readonly string[],
  endsAt: (nth: number) => number,
) {
  const redis = openRedis(on.redisServer.url, 'test', createLogger('test', 'silent'));
  await untilReady(redis, 5_000);
  const script = new DecideScript(redis, decideScriptBody());
  const batches = ids.map((id, nth) => creation(nth % on.shards, id, endsAt(nth)));
  for (let shard = 0; shard < on.shards; shard += 1) {
    const own = batches.filter((batch) => batch.shard === shard);
    for (let from = 0; from < own.length; from += MAX_AUCTIONS_IN_CALL) {
      const decisions = await script.decide(own.slice(from, from + MAX_AUCTIONS_IN_CALL));
      for (const decision of decisions.values()) {
        expect(decision).toMatchObject({ batch: { answers: [expect.stringMatching(/^\+OK/)] } });
      }
    }
  }
  redis.disconnect();
}

async function eventsOf(on: TestGateway, id: string): Promise<PublicEvent[]> {
  return loggedEvents(on.redis, Number(/^a(\d+)-/.exec(id)?.[1]), id);
}

test(
  `with ${open} open auctions after a restart of Redis, ends stay within 1 s`,
  async () => {
    const gateway = await startTestGateway();
    onTestFinished(() => gateway.stop());
    const idsOf = (name: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => `a${i % gateway.shards}-${name}-${i}`);
    const staying = idsOf('open', open);
    await createMany(gateway, staying, () => Date.now() + 24 * 3_600_000);
    const from = Date.now() + 2_000 + 5 * ending;
    const ends = idsOf('end', ending);
    await createMany(gateway, ends, (nth) => from + (nth / ending) * endingSeconds * 1_000);

    await gateway.redisServer.kill();
    await gateway.redisServer.start();
    await until(
      'the gateway is ready',
      async () => (await fetch(`${gateway.url}/readyz`)).status === 200,
      60_000,
    );
    const readyAt = Date.now();
    const serverId = /run_id:(\w+)/.exec(await gateway.redis.info('server'))?.[1];
    const marks = Array.from({ length: gateway.shards }, (_, s) => shardKeys(s).epochsBegun);
    await until(
      'all open auctions have begun their epochs',
      async () => (await gateway.redis.mget(...marks)).every((mark) => mark === serverId),
      LONG_TEST_MS,
    );
    const begunMs = Date.now() - readyAt;
    console.log(`${open} open: all had begun their epochs ${begunMs} ms after Redis was back`);
    await pause(Math.max(0, from + endingSeconds * 1_000 + 1_500 - Date.now()));

    for (const id of staying.filter((_, i) => i % Math.ceil(open / 500) === 0)) {
      expect((await eventsOf(gateway, id)).at(-1)?.type, id).toBe('epoch');
    }
    const late: number[] = [];
    for (const id of ends) {
      const end = (await eventsOf(gateway, id)).at(-1);
      expect(end?.type, id).toBe('ended');
      const endsAt = Date.parse(end?.state.endsAt ?? '');
      // What was due while Redis was away could not end then.
      if (endsAt > readyAt + 500) late.push(Date.parse(end?.at ?? '') - endsAt);
    }
    late.sort((a, b) => a - b);
    console.log(
      `${open} open: of ${late.length} ends p50 ${late[late.length >> 1]} ms, ${late.at(-1)} at most`,
    );
    expect(late.length).toBeGreaterThan(ending / 4);
    expect(late.at(-1)).toBeLessThan(1_000);
  },
  LONG_TEST_MS,
);
