/** A token is replaced by a newer one over a connection that goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  connectViewer,
  startTestBroadcasters,
  tokenFor,
  type TestBroadcaster,
  type TestBroadcasters,
} from './testing/test-broadcaster.ts';

const LIFE_SECONDS = 4;

let system: TestBroadcasters;
let node: TestBroadcaster;

beforeAll(async () => {
  system = await startTestBroadcasters();
  node = await system.start();
});

afterAll(() => system.stop());

/** Ann's bid is beaten by Bob's. */
async function outbidAnn(auctionId: string): Promise<void> {
  await system.auctions.create(auctionId);
  await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
  await system.auctions.bid(auctionId, { userId: 'bob', amount: 3_000 });
}

describe('a feed', () => {
  it('renews its token before it ends, and hears notices after that without a gap', async () => {
    const firstEnds = Date.now() + LIFE_SECONDS * 1_000;
    let asked = 0;
    const heard: string[] = [];
    const feed = new LiveFeed({
      url: node.url,
      token: async () => {
        asked += 1;
        if (asked === 2) throw new Error('the issuer is away for a moment');
        return tokenFor('ann', asked === 1 ? LIFE_SECONDS : 3_600);
      },
      onNotice: ({ type }) => heard.push(type),
    });
    const states = new Set<string>();
    await system.auctions.create('a0-watched');
    const watched = feed.watch('a0-watched', {
      onChange: ({ connection }) => states.add(connection),
    });
    await until('it is live', () => watched.connection === 'live');
    await until('another token was asked for', () => asked === 3);
    await until('the first token has ended', () => Date.now() > firstEnds + 100);
    await outbidAnn('a0-renewed');
    await until('the notice came', () => heard.length === 1);
    expect(heard).toEqual(['outbid']);
    expect([...states]).toEqual(['live']);
    feed.close();
  });

  it('connects anew as the user whose token it is given', async () => {
    let token = tokenFor('cleo');
    const heard: string[] = [];
    const feed = new LiveFeed({
      url: node.url,
      token: () => token,
      onNotice: ({ type }) => heard.push(type),
    });
    const states: string[] = [];
    const watched = feed.watch('a0-watched', {
      onChange: ({ connection }) => states.push(connection),
    });
    await until('it is live', () => watched.connection === 'live');
    token = tokenFor('ann');
    await feed.renewToken();
    await until('the connection is another one', () => states.includes('reconnecting'));
    await until('it is back', () => watched.connection === 'live');
    await outbidAnn('a0-other');
    await until('the notice came', () => heard.length === 1);
    feed.close();
  });

  it('waits and tries again while there is no token to connect with', async () => {
    let asked = 0;
    const feed = new LiveFeed({
      url: node.url,
      token: async () => {
        asked += 1;
        if (asked < 3) throw new Error('the issuer is away');
        return tokenFor('ann');
      },
    });
    await until('it is connected', () => feed.connected);
    expect(asked).toBe(3);
    feed.close();
  });
});

describe('a connection', () => {
  it.each<[string, () => unknown, string]>([
    ["another user's token", async () => ({ token: await tokenFor('bob') }), 'FORBIDDEN'],
    ['an old one', async () => ({ token: await tokenFor('ann', -60) }), 'UNAUTHENTICATED'],
    ['no text', () => ({ token: 7 }), 'UNAUTHENTICATED'],
    ['nothing', () => undefined, 'FORBIDDEN'],
  ])('stays what it was with %s', async (_what, make, code) => {
    const viewer = await connectViewer(node, { token: await tokenFor('ann') });
    const answer = await viewer.ask('authenticate', await make());
    expect(answer).toMatchObject({ ok: false, problem: { code } });
    const notice = new Promise((resolve) => {
      viewer.socket.once('outbid', resolve);
    });
    const auctionId = `a0-${code.toLowerCase()}-${Date.now()}`;
    await outbidAnn(auctionId);
    expect(await notice).toMatchObject({ auctionId });
    viewer.socket.disconnect();
  });

  it('that is anonymous does not become a user’s', async () => {
    const viewer = await connectViewer(node);
    const answer = await viewer.ask('authenticate', { token: await tokenFor('ann') });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'FORBIDDEN' } });
    viewer.socket.disconnect();
  });
});
