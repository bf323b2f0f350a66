/**
 * Secret values that no price can equal are searched for in every byte that anyone is sent during a
 * run of random bids: in live messages, answers, notices and streams.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { get } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import {
  startTestBroadcasters,
  tokenFor,
  type TestBroadcaster,
  type TestBroadcasters,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
let here: TestBroadcaster;
let there: LocalServer;

beforeAll(async () => {
  system = await startTestBroadcasters();
  [here, there] = await Promise.all([system.start(), system.startProcess()]);
});

afterAll(async () => {
  await system.stop();
});

/** Twelve digits, far above every price: what a few thousand small raises can reach is below. */
const secretAmount = (from: number): number => from + randomInt(1_000_000_000, 99_000_000_000);

it('never reach another user', { timeout: LONG_TEST_MS }, async () => {
  const users = Array.from({ length: 20 }, () => `u-${randomBytes(12).toString('hex')}`);
  const secrets = new Set(users);
  const received: string[] = [];
  const onText = (text: string): void => void received.push(text);
  const viewers = await Promise.all([
    RawViewer.connect(here.url, { onText }),
    RawViewer.connect(there.url, { onText }),
    ...users.map(async (userId, i) =>
      RawViewer.connect(i % 2 === 0 ? here.url : there.url, {
        token: await tokenFor(userId),
        onText,
      }),
    ),
  ]);
  const auctionIds = Array.from({ length: SIZES.secretAuctions }, (_, i) => `a${i % 4}-secret${i}`);
  for (const auctionId of auctionIds) {
    const sellerId = `u-${randomBytes(12).toString('hex')}`;
    // The leader's maximum stays below the reserve, which is therefore not met.
    const reservePrice = secretAmount(800_000_000_000);
    secrets.add(`${reservePrice}`);
    await system.auctions.create(auctionId, { sellerId, reservePrice });
    for (const viewer of viewers) expect(await viewer.watch(auctionId)).toMatchObject({ ok: true });
    const stream = get(`${here.url}/v1/auctions/${auctionId}/stream`, (response) => {
      response
        .setEncoding('utf8')
        .on('data', onText)
        .on('error', () => undefined);
    });
    await playRandomly(auctionId, users, secrets);
    const late = await RawViewer.connect(there.url, { onText });
    await late.ask('watch', { auctionId, after: { epoch: 1, seq: 0 } });
    const seq = late.accounts.get(auctionId)?.seq ?? 0;
    await until('all have all', () =>
      viewers.every(({ accounts }) => accounts.get(auctionId)?.seq === seq),
    );
    stream.destroy();
    late.socket.terminate();
  }
  const text = received.join('\n');
  for (const secret of secrets) expect(text.includes(secret), `${secret} was sent`).toBe(false);
  for (const name of ['userId', 'leaderMax', 'maxAmount', 'reservePrice', 'salt', 'fingerprint']) {
    expect(text.includes(name), `${name} was sent`).toBe(false);
  }
  // The search would have found them: what is public is there.
  for (const name of [
    '"outbid"',
    '"reserveMet":false',
    '"alias":',
    'event: events',
    '"recovered":true',
  ]) {
    expect(text.includes(name), `${name} was sent`).toBe(true);
  }
});

/** Raises that everyone may see, below a leader's maximum that nobody may. */
async function playRandomly(
  auctionId: string,
  users: readonly string[],
  secrets: Set<string>,
): Promise<void> {
  const [leader = '', ...others] = users.toSorted(() => Math.random() - 0.5);
  const maxAmount = secretAmount(500_000_000_000);
  const key = randomBytes(16).toString('hex');
  secrets.add(`${maxAmount}`).add(key);
  await system.auctions.bid(auctionId, { userId: others[0] ?? '', amount: 2_000 });
  await system.auctions.bid(auctionId, { userId: leader, maxAmount, key });
  let amount = 5_000;
  for (let call = 0; call < SIZES.secretCalls; call += 1) {
    const bids = Array.from({ length: randomInt(1, 4) }, () => {
      amount += randomInt(1, 20) * 20_000;
      const userId = others[randomInt(others.length)] ?? '';
      return Math.random() < 0.5 ? { userId, amount } : { userId, maxAmount: amount };
    });
    await system.auctions.bid(auctionId, ...bids);
  }
  // A silent raise is an event, too.
  const raised = secretAmount(600_000_000_000);
  secrets.add(`${raised}`);
  await system.auctions.bid(auctionId, { userId: leader, maxAmount: raised });
}
