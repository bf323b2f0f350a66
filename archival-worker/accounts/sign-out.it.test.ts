/** Signing out everywhere, in a whole system. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { OutcryError } from '@outcry/client/outcry-error.ts';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';
import type { Role } from '@outcry/shared/contracts/api.ts';
import { until } from '@outcry/shared/testing/until.ts';

/** Changes nothing where it is not refused for its token. */
const TOO_LOW = 1;

let system: TestSystem;
let auctionId: string;
const feeds: LiveFeed[] = [];

beforeAll(async () => {
  system = await startTestSystem();
  const sam = await person('sam', ['seller']);
  const terms = { currency: 'EUR', startPrice: 1_000, durationSeconds: 3_600 };
  auctionId = (await sam.client.createAuction({ item: { title: 'Lamp' }, ...terms })).id;
}, 120_000);
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.close();
});
afterAll(() => system.stop());

interface Person {
  readonly client: OutcryClient;
  readonly token: string;
}

async function person(userId: string, roles: readonly Role[] = ['bidder']): Promise<Person> {
  const options = {
    gatewayUrl: system.urls['api-gateway'] ?? '',
    historyUrl: system.urls['archival-worker'] ?? '',
    retries: 0,
  };
  const { token } = await new OutcryClient(options).devToken(userId, roles);
  return { token, client: new OutcryClient({ ...options, token }) };
}

/** A token of the second in which somebody signed out is from before. */
async function nextSecond(): Promise<void> {
  const begun = Math.floor(Date.now() / 1_000);
  await until('a new second begins', () => Math.floor(Date.now() / 1_000) > begun);
}

/** The code of the refusal, or `taken`. */
const outcome = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'taken',
    (error: OutcryError) => error.code,
  );

const bid = ({ client }: Person, amount: number): Promise<string> =>
  outcome(client.bid(auctionId, { maxAmount: amount }));
const ownBids = ({ client }: Person): Promise<string> => outcome(client.userBids());

function feedOf({ token }: Person): { feed: LiveFeed; refusals: string[] } {
  const refusals: string[] = [];
  const feed = new LiveFeed({
    url: system.urls['broadcast-service'] ?? '',
    token,
    onRefused: ({ code }) => refusals.push(code),
  });
  feeds.push(feed);
  return { feed, refusals };
}

test('ends the sessions of all devices in all services, and no one else’s', async () => {
  const [phone, laptop, ben] = [await person('ann'), await person('ann'), await person('ben')];
  expect([await bid(phone, 2_000), await bid(ben, 3_000)]).toEqual(['taken', 'taken']);
  const [live, other] = [feedOf(laptop), feedOf(ben)];
  await until('both are live', () => live.feed.connected && other.feed.connected);

  await phone.client.signOutEverywhere();

  for (const device of [phone, laptop]) {
    await until('bids are refused', async () => (await bid(device, TOO_LOW)) === 'SIGNED_OUT');
    await until('the history is closed', async () => (await ownBids(device)) === 'SIGNED_OUT');
  }
  await until('the live connection is told why it ended', () => live.refusals.length > 0);
  expect(live.refusals).toEqual(['SIGNED_OUT']);
  expect(live.feed.connected).toBe(false);
  expect([await bid(ben, 4_000), await ownBids(ben)]).toEqual(['taken', 'taken']);
  expect([other.feed.connected, other.refusals]).toEqual([true, []]);

  await nextSecond();
  const again = await person('ann');
  expect([await bid(again, 5_000), await ownBids(again)]).toEqual(['taken', 'taken']);
  const back = feedOf(again);
  await until('the new sign-in is live', () => back.feed.connected);
  expect(await bid(phone, TOO_LOW)).toBe('SIGNED_OUT');
});

test('lasts over the restart of every process', async () => {
  const cleo = await person('cleo');
  await cleo.client.signOutEverywhere();
  for (const name of ['redis', 'api-gateway', 'broadcast-service', 'archival-worker']) {
    const part = system.part(name);
    await part.stop();
    await part.start();
  }
  await until('bids are refused', async () => (await bid(cleo, TOO_LOW)) === 'SIGNED_OUT');
  await until('the history is closed', async () => (await ownBids(cleo)) === 'SIGNED_OUT');
  const { refusals } = feedOf(cleo);
  await until('live connections are refused', () => refusals.includes('SIGNED_OUT'));
});

test('is the user’s own to do, or an admin’s', async () => {
  const [dan, eve, root] = [
    await person('dan'),
    await person('eve'),
    await person('root', ['admin']),
  ];
  expect(await outcome(eve.client.signOutEverywhere('dan'))).toBe('FORBIDDEN');
  expect(await ownBids(dan)).toBe('taken');
  await root.client.signOutEverywhere('dan');
  await until('the history is closed', async () => (await ownBids(dan)) === 'SIGNED_OUT');
  expect(await ownBids(root)).toBe('taken');
});
