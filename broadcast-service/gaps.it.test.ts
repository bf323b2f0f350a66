import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { auctionKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import type { ScriptAuction } from '@outcry/shared/testing/decide-script.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  connectViewer,
  startTestBroadcasters,
  type TestBroadcaster,
  type TestBroadcasters,
  type TestViewer,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
let broadcaster: TestBroadcaster;
const viewers: TestViewer[] = [];
let auctions = 0;
let amount = 10_000;

beforeAll(async () => {
  system = await startTestBroadcasters();
  broadcaster = await system.start();
});

afterAll(async () => {
  await system.stop();
});

afterEach(() => {
  for (const viewer of viewers.splice(0)) viewer.socket.disconnect();
});

/** A new auction and somebody who watches it; the auction is at seq 2. */
async function watched(terms: ScriptAuction = {}): Promise<[string, TestViewer]> {
  auctions += 1;
  const auctionId = `a1-gap${auctions}`;
  await system.auctions.create(auctionId, terms);
  const viewer = await connectViewer(broadcaster);
  viewers.push(viewer);
  expect(await viewer.watch(auctionId)).toMatchObject({ ok: true });
  return [auctionId, viewer];
}

async function bid(auctionId: string): Promise<void> {
  amount += 10_000;
  await system.auctions.bid(auctionId, { userId: `u${(amount / 10_000) % 2}`, amount });
}

const seqsOf = ({ messages }: TestViewer): number[] =>
  messages.flatMap(({ events }) => events.map(({ seq }) => seq));

const repairs = (result: string): Promise<number> =>
  broadcaster.metric('outcry_feed_gaps_total', { result });

describe('lost messages', () => {
  it('in the middle are read from the log and sent in order', async () => {
    const [auctionId, viewer] = await watched();
    const before = await repairs('filled');
    await bid(auctionId);
    await system.auctions.losingMessages(async () => {
      for (let i = 0; i < 5; i += 1) await bid(auctionId);
    });
    await bid(auctionId);
    await bid(auctionId);
    await until('everything came', () => viewer.messages.at(-1)?.seq === 10);
    expect(seqsOf(viewer)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { state, events } of viewer.messages) expect(state).toEqual(events.at(-1)?.state);
    // Read once, and once more if heads were compared in the midst of it: not for each that is lost.
    expect([1, 2]).toContain((await repairs('filled')) - before);
  });

  it('at the end are found by comparing heads', async () => {
    const [auctionId, viewer] = await watched();
    const begin = performance.now();
    await system.auctions.losingMessages(() => bid(auctionId));
    await until('the bid came', () => viewer.messages.at(-1)?.seq === 3);
    expect(performance.now() - begin).toBeLessThan(8_000);
    expect(seqsOf(viewer)).toEqual([3]);
  });

  it('of the end itself are found soon after it', async () => {
    const [auctionId, viewer] = await watched({ durationMs: 2_000 });
    const begin = performance.now();
    await system.auctions.losingMessages(() =>
      until('the auction has ended', async () => {
        await system.auctions.touch(auctionId);
        const key = auctionKeys(1, auctionId).auction;
        return (await system.redis.hget(key, 'status')) === 'ended';
      }),
    );
    await until('the end came', () => viewer.messages.at(-1)?.state.status === 'ended');
    expect(performance.now() - begin).toBeLessThan(4_500);
  });

  it('that the log no longer has leave a hole, but not an old state', async () => {
    const [auctionId, viewer] = await watched();
    await system.auctions.losingMessages(async () => {
      for (let i = 0; i < 3; i += 1) await bid(auctionId);
    });
    await system.redis.xtrim(auctionKeys(1, auctionId).log, 'MINID', '5-0');
    await bid(auctionId);
    await until('the newest state came', () => viewer.messages.at(-1)?.seq === 6);
    expect(viewer.messages.at(-1)?.state).toMatchObject({ bidCount: 4, price: amount });
  });
});

describe('a lost subscription', () => {
  it('is a gap for every watched auction', async () => {
    const pairs = await Promise.all([watched(), watched(), watched()]);
    for (let round = 0; round < 3; round += 1) {
      await system.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await Promise.all(pairs.map(([auctionId]) => bid(auctionId)));
    }
    for (const [, viewer] of pairs) {
      await until('all came', () => viewer.messages.at(-1)?.seq === 5, 4_000);
      expect(seqsOf(viewer)).toEqual([3, 4, 5]);
    }
  });

  it('is not ready until it is back', async () => {
    await system.redisServer.stop();
    await until(
      'it says so',
      async () => (await fetch(`${broadcaster.url}/readyz`)).status === 503,
    );
    const viewer = await connectViewer(broadcaster);
    viewers.push(viewer);
    expect(await viewer.watch('a1-new')).toMatchObject({
      ok: false,
      problem: { code: 'UNAVAILABLE' },
    });
    await system.redisServer.start();
    await until(
      'it is back',
      async () => (await fetch(`${broadcaster.url}/readyz`)).status === 200,
    );
  });
});

describe('a Redis of a system with other shards', () => {
  it('is refused at the start', async () => {
    const own = await system.redis.getset(SHARDS_KEY, '5');
    onTestFinished(async () => {
      await system.redis.set(SHARDS_KEY, own ?? '');
    });
    await expect(system.start()).rejects.toThrow('SHARDS=5');
  });
});

describe('a Redis that restarts', () => {
  it('starts an epoch, which viewers get with everything after it', async () => {
    const [auctionId, viewer] = await watched();
    await bid(auctionId);
    await system.redisServer.kill();
    await system.redisServer.start();
    await until('bids are taken again', async () => {
      await bid(auctionId);
      return true;
    });
    await bid(auctionId);
    await until('all came', () => viewer.messages.at(-1)?.seq === 6);
    const events = viewer.messages.flatMap((message) => message.events);
    expect(
      events.map(({ epoch, seq, type }) => `${epoch === 1 ? 'first' : 'next'}:${seq} ${type}`),
    ).toEqual(['first:3 bid', 'next:4 epoch', 'next:5 bid', 'next:6 bid']);
  });

  it('with its newest writes lost takes them back', async () => {
    const [auctionId, viewer] = await watched();
    await bid(auctionId);
    const goBack = await rememberForRollback(auctionId);
    await bid(auctionId);
    await bid(auctionId);
    await until('all came', () => viewer.messages.at(-1)?.seq === 5);
    await goBack();
    await bid(auctionId);
    await until('the new epoch came', () => (viewer.messages.at(-1)?.epoch ?? 0) > 1);
    expect(viewer.messages.at(-1)).toMatchObject({ seq: 5, state: { bidCount: 2 } });
    expect(viewer.messages.at(-1)?.events.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '4 epoch',
      '5 bid',
    ]);
    const late = await viewer.watch(auctionId, { epoch: 1, seq: 5 });
    expect(late).toMatchObject({ ok: true, data: { recovered: false, auction: { seq: 5 } } });
    const early = await viewer.watch(auctionId, { epoch: 1, seq: 3 });
    expect(early).toMatchObject({ ok: true, data: { recovered: true } });
  });

  it('and whose new epoch gets lost on the way is noticed all the same', async () => {
    const [auctionId, viewer] = await watched();
    const goBack = await rememberForRollback(auctionId);
    await bid(auctionId);
    await bid(auctionId);
    await until('all came', () => viewer.messages.at(-1)?.seq === 4);
    await goBack();
    await system.auctions.losingMessages(() => bid(auctionId));
    await until('the new state came', () => (viewer.messages.at(-1)?.epoch ?? 0) > 1);
    expect(viewer.messages.at(-1)).toMatchObject({ seq: 4, state: { price: amount } });
  });
});

/** Remembers the auction as it is; the result puts it back, as a failover to a lagging replica. */
async function rememberForRollback(auctionId: string): Promise<() => Promise<void>> {
  const keys = auctionKeys(1, auctionId);
  const names = [keys.auction, keys.log];
  const dumps = await Promise.all(names.map((name) => system.redis.dumpBuffer(name)));
  return async () => {
    // All at once: broadcasters compare heads at any time.
    const change = system.redis.multi().del(...names);
    for (const [i, name] of names.entries()) {
      const dump = dumps[i];
      if (dump) change.restore(name, 0, dump);
    }
    await change.hset(keys.auction, 'runId', '0123456789abcdef').exec();
  };
}
