import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import type { Ack, WatchData } from '@outcry/shared/contracts/live.ts';
import type { ScriptAuction } from '@outcry/shared/testing/decide-script.ts';
import { playRemovals } from '@outcry/shared/testing/play-removals.ts';
import { seeded } from '@outcry/shared/testing/seeded.ts';
import { loggedEvents, storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  connectViewer,
  startTestBroadcasters,
  tokenFor,
  type TestBroadcaster,
  type TestBroadcasters,
  type TestViewer,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
let broadcaster: TestBroadcaster;
const viewers: TestViewer[] = [];
let auctions = 0;

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

async function viewer(options: { token?: unknown; origin?: string } = {}): Promise<TestViewer> {
  const connected = await connectViewer(broadcaster, options);
  viewers.push(connected);
  return connected;
}

/** A new live auction: its first two events are `scheduled` and `started`. */
async function newAuction(shard = 1, terms: ScriptAuction = {}): Promise<string> {
  auctions += 1;
  const auctionId = `a${shard}-test${auctions}`;
  await system.auctions.create(auctionId, terms);
  return auctionId;
}

function dataOf(answer: Ack<WatchData>): WatchData {
  if (!answer.ok) throw new Error(answer.problem.detail);
  return answer.data;
}

const subscriptions = async (): Promise<string[]> =>
  (await system.redis.call('PUBSUB', 'SHARDCHANNELS')) as string[];

describe('watch', () => {
  it('answers with the present state by the clock of Redis', async () => {
    const auctionId = await newAuction();
    await system.auctions.bid(auctionId, { userId: 'ann', maxAmount: 5_000 });
    const { auction, events, recovered } = dataOf(await (await viewer()).watch(auctionId));
    expect(auction).toMatchObject({
      id: auctionId,
      item: { title: 'A lamp' },
      sellerId: 'seller',
      currency: 'EUR',
      status: 'live',
      price: 1_000,
      leader: 1,
      bidCount: 1,
      epoch: 1,
      seq: 3,
    });
    expect([events, recovered]).toEqual([[], false]);
    const [seconds] = await system.redis.time();
    expect(Math.abs(Date.parse(auction.serverTime) / 1_000 - Number(seconds))).toBeLessThan(2);
  });

  it('sends every event once, in order, as the script wrote it', async () => {
    const auctionId = await newAuction();
    const one = await viewer();
    const two = await viewer();
    await one.watch(auctionId);
    await two.watch(auctionId);
    for (let i = 0; i < 20; i += 1) {
      await system.auctions.bid(
        auctionId,
        { userId: `u${i}`, maxAmount: 2_000 + 2_000 * i },
        { userId: `w${i}`, maxAmount: 3_000 + 2_000 * i },
      );
    }
    for (const { messages } of [one, two]) {
      await until('all events have come', () => messages.at(-1)?.seq === 42);
      const events = messages.flatMap((message) => message.events);
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 3));
      for (const message of messages) {
        expect(message.state).toEqual(message.events.at(-1)?.state);
        expect(Object.keys(message).toSorted()).toEqual([
          'auctionId',
          'epoch',
          'events',
          'seq',
          'serverTime',
          'state',
        ]);
      }
    }
    const text = JSON.stringify(one.messages);
    for (const secret of ['u3', 'w3', 'salt', 'maxAmount', 'leaderMax']) {
      expect(text).not.toContain(`"${secret}"`);
    }
  });

  it('tells what removals leave, to whoever watches all along or comes later', async () => {
    const random = seeded(16);
    const [early, late] = [await viewer(), await viewer()];
    for (let n = 0; n < 24; n += 1) {
      const auctionId = `a1-removals${n}`;
      await playRemovals(system.auctions, auctionId, random, n % 2 === 0, async () =>
        dataOf(await early.watch(auctionId)),
      );
      const { epoch, seq, state } = await storedAuction(system.redis, 1, auctionId);
      const told = () => early.messages.filter((message) => message.auctionId === auctionId);
      await until('all was told', () => told().at(-1)?.seq === seq);
      expect(told().at(-1)?.state).toEqual(state);
      // It came when the auction had started.
      const events = (await loggedEvents(system.redis, 1, auctionId)).slice(2);
      expect(told().flatMap((message) => message.events)).toEqual(events);
      expect(dataOf(await late.watch(auctionId)).auction).toMatchObject({ ...state, epoch, seq });
    }
    const removals = early.messages.flatMap(({ events }) => events.filter((event) => event.bidder));
    expect(removals.length).toBeGreaterThan(24);
  });

  it('misses nothing while it starts to watch', async () => {
    const auctionId = await newAuction();
    const enough = new AbortController();
    let placed = 0;
    const bidder = (async () => {
      while (!enough.signal.aborted) {
        placed += 1;
        await system.auctions.bid(auctionId, {
          userId: `u${placed % 2}`,
          amount: 10_000 * placed,
        });
      }
    })();
    const all = await Promise.all(Array.from({ length: 10 }, () => viewer()));
    const starts = await Promise.all(all.map(async (each) => dataOf(await each.watch(auctionId))));
    enough.abort();
    await bidder;
    for (const [i, { messages }] of all.entries()) {
      const from = starts[i]?.auction.seq ?? 0;
      await until('the last event has come', () => {
        return (messages.at(-1)?.seq ?? from) === placed + 2;
      });
      const seqs = messages.flatMap(({ events }) => events.map(({ seq }) => seq));
      expect(seqs).toEqual(Array.from({ length: placed + 2 - from }, (_, k) => from + 1 + k));
    }
  });

  it('knows what it does not have', async () => {
    const watching = await viewer();
    for (const auctionId of ['a1-nobody', 'a9999-x', 'x', 'i1-x']) {
      expect(await watching.watch(auctionId)).toMatchObject({
        ok: false,
        problem: { code: 'AUCTION_NOT_FOUND', status: 404 },
      });
    }
    expect(await subscriptions()).not.toContain(auctionKeys(1, 'a1-nobody').liveChannel);
  });

  it('is unavailable, not "not found", while the data of a shard is incomplete', async () => {
    await system.redis.del('{s3}:whole');
    const answer = await (await viewer()).watch('a3-x');
    await system.redis.set('{s3}:whole', '1');
    expect(answer).toMatchObject({ ok: false, problem: { code: 'UNAVAILABLE' } });
  });

  it('subscribes once for all viewers, and ends that when the last one is gone', async () => {
    const auctionId = await newAuction();
    const channel = auctionKeys(1, auctionId).liveChannel;
    const [one, two] = [await viewer(), await viewer()];
    await one.watch(auctionId);
    await two.watch(auctionId);
    await one.watch(auctionId);
    expect(await system.redis.call('PUBSUB', 'SHARDNUMSUB', channel)).toEqual([channel, 1]);
    await one.ask('unwatch', { auctionId });
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
    await until('the other has the event', () => two.messages.length === 1);
    expect(one.messages).toEqual([]);
    two.socket.disconnect();
    await until('nobody is subscribed', async () => !(await subscriptions()).includes(channel));
  });

  it('lets one connection watch 100 auctions', async () => {
    const watching = await viewer();
    const ids = await Promise.all(Array.from({ length: 101 }, () => newAuction(0)));
    const answers = await Promise.all(ids.map((id) => watching.watch(id)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(100);
    expect(answers.at(-1)).toMatchObject({ ok: false, problem: { code: 'INVALID_REQUEST' } });
    await watching.ask('unwatch', { auctionId: ids[0] });
    expect(await watching.watch(ids[100] ?? '')).toMatchObject({ ok: true });
  });
});

describe('an auction that is watched already', () => {
  it('can be asked for again, but not over and over', async () => {
    const auctionId = await newAuction();
    const watcher = await viewer();
    const problems: (string | undefined)[] = [];
    for (let asked = 0; asked < 60; asked += 1) {
      const answer = await watcher.watch(auctionId, { epoch: 1, seq: 1 });
      problems.push(answer.ok ? undefined : answer.problem.code);
    }
    expect(problems.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => undefined));
    expect(problems).toContain('RATE_LIMITED');
    // What it heard before it goes on.
    await system.auctions.bid(auctionId, { userId: 'ann', maxAmount: 5_000 });
    await until('the bid came', () => watcher.messages.at(-1)?.seq === 3);
  });
});

describe('after a position', () => {
  it('continues where the viewer left off', async () => {
    const auctionId = await newAuction();
    for (let i = 1; i <= 200; i += 1) {
      await system.auctions.bid(auctionId, { userId: `u${i % 2}`, amount: 10_000 * i });
    }
    const watching = await viewer();
    const since = dataOf(await watching.watch(auctionId, { epoch: 1, seq: 0 }));
    expect(since.recovered).toBe(true);
    expect(since.events.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 202 }, (_, i) => i + 1),
    );
    expect(since.events.map(({ type }) => type).slice(0, 3)).toEqual([
      'scheduled',
      'started',
      'bid',
    ]);
    const last = dataOf(await watching.watch(auctionId, { epoch: 1, seq: 200 }));
    expect(last.events.map(({ seq }) => seq)).toEqual([201, 202]);
    const none = dataOf(await watching.watch(auctionId, { epoch: 1, seq: 202 }));
    expect([none.events, none.recovered]).toEqual([[], true]);
  });

  it('starts anew from a position that is not in the history', async () => {
    const auctionId = await newAuction();
    const watching = await viewer();
    for (const after of [
      { epoch: 1, seq: 99 },
      { epoch: 2, seq: 1 },
      { epoch: 9, seq: 2 },
    ]) {
      const { auction, events, recovered } = dataOf(await watching.watch(auctionId, after));
      expect([auction.seq, events, recovered]).toEqual([2, [], false]);
    }
  });

  it('starts anew after more than 2,000 events, and when the log was trimmed', async () => {
    const auctionId = await newAuction();
    for (let call = 0; call < 21; call += 1) {
      const bids = Array.from({ length: 100 }, (_, i) => ({
        userId: `u${i % 2}`,
        amount: 10_000 * (call * 100 + i + 1),
      }));
      await system.auctions.bid(auctionId, ...bids);
    }
    const onNewNode = async (): Promise<TestViewer> => {
      // Whatever viewers of this address were told before.
      const connected = await connectViewer(await system.start({ MAX_VIEWERS_PER_ADDRESS: '0' }));
      viewers.push(connected);
      return connected;
    };
    const watching = await onNewNode();
    const far = dataOf(await watching.watch(auctionId, { epoch: 1, seq: 2 }));
    expect([far.auction.seq, far.events.length, far.recovered]).toEqual([2_102, 0, false]);
    const near = dataOf(await watching.watch(auctionId, { epoch: 1, seq: 102 }));
    expect([near.events.length, near.recovered]).toEqual([2_000, true]);
    await system.redis.xtrim(auctionKeys(1, auctionId).log, 'MINID', '1500-0');
    // The first node still has in memory what it read.
    const trimmed = dataOf(await (await onNewNode()).watch(auctionId, { epoch: 1, seq: 1_000 }));
    expect([trimmed.events.length, trimmed.recovered]).toEqual([0, false]);
  });
});

describe('notices and presence', () => {
  it('tells users wherever they are connected, and nobody else', async () => {
    const auctionId = await newAuction();
    const [ann, bob, nobody] = [
      await viewer({ token: await tokenFor('ann') }),
      await viewer({ token: await tokenFor('bob') }),
      await viewer(),
    ];
    const heard: unknown[][] = [];
    const own: unknown[][] = [];
    for (const [name, { socket }] of Object.entries({ ann, bob, nobody })) {
      socket.on('outbid', (message) => heard.push([name, 'outbid', message]));
      socket.on('won', (message) => heard.push([name, 'won', message]));
      socket.on('own', (message) => own.push([name, message]));
    }
    await system.auctions.bid(auctionId, { userId: 'ann', maxAmount: 2_000 });
    await system.auctions.bid(auctionId, { userId: 'bob', maxAmount: 9_000 });
    await until('ann was told', () => heard.length > 0);
    // Nobody watches: a second auction, won at once, shows that nothing else was sent before it.
    const quick = await newAuction(2, { buyNowPrice: 50_000 });
    await system.auctions.buyNow(quick, 'bob');
    await until('bob was told', () => heard.length > 1);
    expect(heard).toEqual([
      ['ann', 'outbid', { auctionId, price: 2_050, minimumBid: 2_100 }],
      ['bob', 'won', { auctionId: quick, price: 50_000 }],
    ]);
    expect(own).toEqual([
      ['ann', { auctionId }],
      ['bob', { auctionId }],
      ['bob', { auctionId: quick }],
    ]);
  });

  it('tells all devices of a user of each own bid once, also of a silent raise', async () => {
    const auctionId = await newAuction();
    const token = await tokenFor('dora');
    const devices = [await viewer({ token }), await viewer({ token })];
    const heard = devices.map(() => 0);
    for (const [i, { socket }] of devices.entries()) {
      socket.on('own', (message) => {
        expect(message).toEqual({ auctionId });
        heard[i] = (heard[i] ?? 0) + 1;
      });
    }
    await system.auctions.bid(auctionId, { userId: 'dora', maxAmount: 2_000 });
    await until('all were told of the bid', () => heard.every((count) => count === 1));
    const raises = [9_000, 12_000].map((maxAmount) => ({ userId: 'dora', maxAmount }));
    await system.auctions.bid(auctionId, ...raises, { userId: 'dora', maxAmount: 1 });
    await until('all were told of the raises', () => heard.every((count) => count === 2));
    // A refused bid changes nothing.
    await system.auctions.bid(auctionId, { userId: 'dora', maxAmount: 5 });
    for (const device of devices) await device.ask('unwatch', { auctionId });
    expect(heard).toEqual([2, 2]);
  });

  it('tells a user nothing more once the token has expired', async () => {
    const auctionId = await newAuction();
    const expiring = await viewer({ token: await tokenFor('cleo', 1) });
    const valid = await viewer({ token: await tokenFor('cleo') });
    const heard: string[] = [];
    expiring.socket.on('outbid', () => heard.push('expired'));
    valid.socket.on('outbid', () => heard.push('valid'));
    const expiredAt = Date.now() + 1_100;
    await system.auctions.bid(auctionId, { userId: 'cleo', maxAmount: 2_000 });
    await until('the token has expired', () => Date.now() > expiredAt);
    await system.auctions.bid(auctionId, { userId: 'bob', maxAmount: 9_000 });
    await until('somebody was told', () => heard.length > 0);
    expect(await expiring.ask('unwatch', { auctionId })).toMatchObject({ ok: true });
    expect(heard).toEqual(['valid']);
  });

  it('tells viewers how many they are, once a second', async () => {
    const auctionId = await newAuction();
    const all = await Promise.all([viewer(), viewer(), viewer()]);
    const counts: number[] = [];
    const begin = performance.now();
    all[0]?.socket.on('presence', ({ viewers: count }) => counts.push(count));
    await Promise.all(all.map((each) => each.watch(auctionId)));
    await until('three are counted', () => counts.includes(3));
    all[2]?.socket.disconnect();
    await until('two are counted', () => counts.at(-1) === 2);
    expect(counts.length).toBeLessThanOrEqual(1 + (performance.now() - begin) / 1_000);
  });
});
