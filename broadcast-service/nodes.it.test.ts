/** What crosses nodes: how many watch, and notices to a user wherever connected. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { KEPT_CHANNEL, SIGNED_OUT_KEY } from '@outcry/shared/contracts/keys.ts';
import { signOutMark } from '@outcry/shared/runtime/sign-outs.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import {
  connectViewer,
  startTestBroadcasters,
  tokenFor,
  type TestBroadcaster,
  type TestBroadcasters,
  type TestViewer,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
let here: TestBroadcaster;
let there: LocalServer;
let auctions = 0;

beforeAll(async () => {
  system = await startTestBroadcasters();
  [here, there] = await Promise.all([system.start(), system.startProcess()]);
});

afterAll(async () => {
  await system.stop();
});

async function newAuction(): Promise<string> {
  auctions += 1;
  const auctionId = `a1-nodes${auctions}`;
  await system.auctions.create(auctionId);
  return auctionId;
}

async function watching(url: string, auctionId: string): Promise<RawViewer> {
  const viewer = await RawViewer.connect(url);
  expect(await viewer.watch(auctionId)).toMatchObject({ ok: true });
  return viewer;
}

const countOf = (viewer: RawViewer, auctionId: string): unknown =>
  viewer.heard
    .filter(([event, payload]) => {
      return event === 'presence' && (payload as { auctionId: string }).auctionId === auctionId;
    })
    .map(([, payload]) => (payload as { viewers: number }).viewers)
    .at(-1);

/** "Exact within 2 s" leaves this much after a change; a busy machine gets a little more. */
const EXACT_WITHIN_MS = 2_500;

describe('presence', () => {
  it('is the sum of all nodes, everywhere', async () => {
    const auctionId = await newAuction();
    const [one, two, three] = await Promise.all([
      watching(here.url, auctionId),
      watching(there.url, auctionId),
      watching(there.url, auctionId),
    ]);
    for (const viewer of [one, two, three]) {
      await until('three are counted', () => countOf(viewer, auctionId) === 3, EXACT_WITHIN_MS);
    }
    three.socket.terminate();
    for (const viewer of [one, two]) {
      await until('two are counted', () => countOf(viewer, auctionId) === 2, EXACT_WITHIN_MS);
    }
    one.socket.terminate();
    two.socket.terminate();
  });

  it('is known to a node that comes later', async () => {
    const auctionId = await newAuction();
    const early = await watching(here.url, auctionId);
    await until('it is counted', () => countOf(early, auctionId) === 1);
    const late = await system.start();
    const newcomer = await watching(late.url, auctionId);
    await until('both are counted', () => countOf(newcomer, auctionId) === 2, EXACT_WITHIN_MS);
    await late.service.close();
    await until('one is left', () => countOf(early, auctionId) === 1, EXACT_WITHIN_MS);
    early.socket.terminate();
  });

  it('counts the viewers of a dead node no more', async () => {
    const auctionId = await newAuction();
    const left = await watching(here.url, auctionId);
    const lost = await watching(there.url, auctionId);
    lost.socket.on('error', () => undefined);
    await until('both are counted', () => countOf(left, auctionId) === 2);
    await there.kill();
    await until('one is left', () => countOf(left, auctionId) === 1, EXACT_WITHIN_MS);
    await there.start();
    const back = await watching(there.url, auctionId);
    await until('both are counted', () => countOf(left, auctionId) === 2, EXACT_WITHIN_MS);
    await until('there, too', () => countOf(back, auctionId) === 2, EXACT_WITHIN_MS);
    back.socket.terminate();
    left.socket.terminate();
  });

  it('is right again after the nodes could not hear each other', async () => {
    const auctionId = await newAuction();
    const one = await watching(here.url, auctionId);
    const two = await watching(there.url, auctionId);
    await until('both are counted', () => countOf(one, auctionId) === 2);
    await system.redisServer.stop();
    await until('only one is known of', () => countOf(one, auctionId) === 1);
    const three = await RawViewer.connect(there.url);
    await system.redisServer.start();
    await until('it can be watched', async () => (await three.watch(auctionId)).ok);
    const all = [one, two, three];
    await until('all are counted', () => all.every((viewer) => countOf(viewer, auctionId) === 3));
    for (const viewer of all) viewer.socket.terminate();
  });
});

/** @returns the status */
async function order(path: string, method: string, token: string, body?: object): Promise<number> {
  const answer = await fetch(here.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answer.status;
}

const signedIn = async (url: string, userId: string): Promise<TestViewer> =>
  connectViewer({ url }, { token: await tokenFor(userId) });

describe('an admin', () => {
  it('tells everybody on every node something, and nobody else may', async () => {
    const [near, far] = await Promise.all(
      [here.url, there.url].map((url) => RawViewer.connect(url)),
    );
    const path = '/v1/announcements';
    const admin = await tokenFor('root', 60, ['admin']);
    expect(await order(path, 'POST', await tokenFor('ann'), { text: 'no' })).toBe(403);
    expect(await order(path, 'POST', 'nonsense', { text: 'no' })).toBe(401);
    expect(await order(path, 'POST', admin, { text: '' })).toBe(422);
    expect(await order(path, 'POST', admin, { text: 'x'.repeat(5_000) })).toBe(413);
    expect(await order(path, 'POST', admin, { text: 'Back in five minutes.' })).toBe(202);
    for (const viewer of [near, far]) {
      await until('it is told', () => viewer?.heard.length === 1);
      expect(viewer?.heard).toEqual([['announcement', { text: 'Back in five minutes.' }]]);
      viewer?.socket.terminate();
    }
  });
});

describe('who signs out everywhere', () => {
  it('is disconnected from every node, and no one else is', async () => {
    const [near, far, other] = await Promise.all([
      signedIn(here.url, 'mallory'),
      signedIn(there.url, 'mallory'),
      signedIn(there.url, 'cleo'),
    ]);
    await system.redis.zadd(SIGNED_OUT_KEY, Date.now(), signOutMark('mallory'));
    await until('both are ended', () => !near.socket.connected && !far.socket.connected);
    await expect(signedIn(here.url, 'mallory')).rejects.toMatchObject({
      data: { code: 'SIGNED_OUT' },
    });
    expect(await other.ask('unwatch', { auctionId: 'a1-x' })).toMatchObject({ ok: true });
    other.socket.disconnect();
  });
});

/** Hints of the user's own bids come beside them. */
const notices = ({ heard }: RawViewer) => heard.filter(([type]) => type === 'outbid');

describe('a notice', () => {
  it('reaches its user on every node, once each, also one who watches nothing', async () => {
    const auctionId = await newAuction();
    const token = await tokenFor('ann');
    const [near, far, other] = await Promise.all([
      RawViewer.connect(here.url, { token }),
      RawViewer.connect(there.url, { token }),
      RawViewer.connect(there.url, { token: await tokenFor('cleo') }),
    ]);
    await system.auctions.bid(auctionId, { userId: 'ann', maxAmount: 2_000 });
    await system.auctions.bid(auctionId, { userId: 'bob', maxAmount: 9_000 });
    await until('both know', () => notices(near).length > 0 && notices(far).length > 0);
    await system.auctions.bid(auctionId, { userId: 'cleo', maxAmount: 3_000 });
    await system.auctions.bid(auctionId, { userId: 'ann', maxAmount: 20_000 });
    await system.auctions.bid(auctionId, { userId: 'cleo', maxAmount: 50_000 });
    await until('both know again', () => notices(near).length > 1 && notices(far).length > 1);
    const outbid = { auctionId, price: 2_050, minimumBid: 2_100 };
    expect(notices(near)[0]).toEqual(['outbid', outbid]);
    expect(notices(far)).toEqual(notices(near));
    expect(notices(near)).toHaveLength(2);
    expect(JSON.stringify(other.heard)).not.toContain('"price":2050');
    for (const viewer of [near, far, other]) viewer.socket.terminate();
  });
});

describe('a hint that something kept for a user has changed', () => {
  it('reaches all devices of this user, on every node, and nobody else', async () => {
    const token = await tokenFor('dora');
    const [near, far, other] = await Promise.all([
      RawViewer.connect(here.url, { token }),
      RawViewer.connect(there.url, { token }),
      RawViewer.connect(there.url, { token: await tokenFor('emil') }),
    ]);
    await system.redis.spublish(KEPT_CHANNEL, 'dora');
    await system.redis.spublish(KEPT_CHANNEL, 'emil');
    for (const viewer of [near, far, other]) {
      await until('it is told', () => viewer.heard.length > 0);
      expect(viewer.heard).toEqual([['kept', {}]]);
      viewer.socket.terminate();
    }
  });
});
