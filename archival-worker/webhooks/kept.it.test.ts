/** How long what belongs to a webhook is kept, and what ends it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';
import { auctionFromNow, WebhookStage } from '../testing/webhook-stage.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(async () => {
  await system.stopWorkers();
  await system.reset();
});
afterAll(() => system.stop());

async function countOf(
  table: 'webhooks' | 'webhook_queues' | 'webhook_deliveries',
  webhookId: string,
): Promise<number> {
  const id = table === 'webhooks' ? 'id' : 'webhook_id';
  const [row] = await system.sql<{ count: string }[]>`
    SELECT count(*) FROM ${system.sql(table)} WHERE ${system.sql(id)} = ${webhookId}`;
  return Number(row?.count);
}

const sold = (auctionId: string, sellerId: string) => {
  const auction = auctionFromNow({ auctionId, sellerId });
  return [
    auction.create(),
    auction.start(),
    auction.bid('ben', { maxAmount: 2_000 }),
    auction.end(),
  ];
};

test('with its owner’s account a webhook ends, its secret, queues and messages too; others stay', async () => {
  const stage = await WebhookStage.start(system);
  const asEve = { userId: 'eve', roles: ['seller'] };
  const eves = await stage.receiver(['auction.ended'], asEve);
  const failing = await stage.receiver(['auction.ended'], asEve);
  failing.receiver.answer = (response) => response.writeHead(500).end();
  const admins = await stage.receiver(['auction.ended']);
  await stage.deliver();
  await system.publish(sold('a0-before', 'eve'));
  await until('all are told', () =>
    [eves, failing, admins].every(({ receiver }) => receiver.received.length > 0),
  );

  const deleted = await stage.call('DELETE', '/v1/users/eve', { token: tokenOf('eve') });
  expect(deleted.status).toBe(202);
  for (const { webhook } of [eves, failing]) {
    await until('it is gone', async () => (await countOf('webhooks', webhook.id)) === 0);
    expect(await countOf('webhook_queues', webhook.id)).toBe(0);
    expect(await countOf('webhook_deliveries', webhook.id)).toBe(0);
  }
  // Also what was to be tried again is not: the next auction comes after it.
  const [toldEve, triedAgain] = [eves.receiver.requests, failing.receiver.requests];
  await system.publish(sold('a1-after', 'eve'));
  await until('others are told on', () => admins.receiver.told('a1-after').length === 1);
  expect(await countOf('webhooks', admins.webhook.id)).toBe(1);
  expect(admins.receiver.told('a0-before')).toHaveLength(1);
  expect([eves.receiver.requests, failing.receiver.requests - triedAgain]).toEqual([
    toldEve,
    expect.toBeOneOf([0, 1]),
  ]);
});

/** By the webhook's list: since how many days, how it stands, and whether it is still listed. */
const KEPT = [
  ['delivered', 29, true],
  ['delivered', 31, false],
  ['dead', 29, true],
  ['dead', 31, false],
  // Until it is delivered or given up.
  ['pending', 31, true],
] as const;
const MOST_KEPT = 10_000;

test('what was delivered or given up is listed for 30 days, what waits until it is neither', async () => {
  const stage = await WebhookStage.start(system);
  const { webhook, token } = await stage.receiver(['bidder.won']);
  for (const [i, [status, days]] of KEPT.entries()) {
    await system.sql`
      INSERT INTO webhook_deliveries
             (id, webhook_id, auction_id, epoch, seq, type, payload, at, status, created_at)
      VALUES (${`msg_${i}`}, ${webhook.id}, 'a0-x', 1, ${i + 1}, 'bidder.won', '{}',
              now() - make_interval(days => ${days}), ${status},
              now() - make_interval(days => ${days}))`;
  }
  await stage.deliver();
  const ids = async () => (await stage.deliveries(webhook.id, token)).map(({ id }) => id);
  const wanted = KEPT.flatMap(([, , isKept], i) => (isKept ? [`msg_${i}`] : [])).toReversed();
  await until('the old ones are gone', async () => (await ids()).length <= wanted.length);
  expect(await ids()).toEqual(wanted);
});

test('of one webhook the newest 10,000 messages are kept', async () => {
  const stage = await WebhookStage.start(system);
  const { webhook, token } = await stage.receiver(['bidder.won']);
  const other = await stage.receiver(['bidder.won']);
  for (const [id, count] of [
    [webhook.id, MOST_KEPT + 20],
    [other.webhook.id, 20],
  ] as const) {
    await system.sql`
      INSERT INTO webhook_deliveries
             (id, webhook_id, auction_id, epoch, seq, type, payload, at, status)
      SELECT ${id} || '_' || n, ${id}, 'a0-x', 1, n, 'bidder.won', '{}', now(), 'delivered'
        FROM generate_series(1, ${count}) AS n
       ORDER BY n`;
  }
  await stage.deliver();
  const count = () => countOf('webhook_deliveries', webhook.id);
  await until('the oldest are gone', async () => (await count()) <= MOST_KEPT);
  expect(await count()).toBe(MOST_KEPT);
  expect((await stage.deliveries(webhook.id, token))[0]?.seq).toBe(MOST_KEPT + 20);
  expect(await countOf('webhook_deliveries', other.webhook.id)).toBe(20);
});
