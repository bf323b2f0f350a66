/** What receivers get, whatever they and the machinery do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { WEBHOOK_EVENTS } from '@outcry/shared/contracts/webhooks.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { Receiver } from '../testing/receiver.ts';
import { TestSystem } from '../testing/test-system.ts';
import { auctionFromNow, LOOPBACK, SCALED, WebhookStage } from '../testing/webhook-stage.ts';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const BIDS = ['bid.accepted'];

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(async () => {
  await system.stopWorkers();
  await system.reset();
});
afterAll(() => system.stop());

/** Types of bids with their seqs: the first bid of an auction is its third event. */
const bidsFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${first + i} bid.accepted`);

const dataOf = (receiver: Receiver, type: string) =>
  receiver.received.findLast((each) => each.type === type)?.data;

test('each is told its own events in order, signed, and no more than it may know', async () => {
  const stage = await WebhookStage.start(system);
  const admin = await stage.receiver(WEBHOOK_EVENTS);
  const asSeller = { userId: 'seller-1', roles: ['seller'] };
  const seller = await stage.receiver(WEBHOOK_EVENTS, asSeller);
  const other = await stage.receiver(WEBHOOK_EVENTS, { userId: 'seller-2', roles: ['seller'] });
  await stage.deliver();

  const auction = auctionFromNow({ auctionId: 'a0-told' });
  await system.publish([
    auction.create(),
    auction.start(),
    auction.bid('ann', { maxAmount: 2_000 }),
    auction.bid('ben', { maxAmount: 3_000 }),
    auction.bid('ben', { maxAmount: 4_000 }),
    auction.end(),
  ]);
  const cancelled = auctionFromNow({ auctionId: 'a1-told', sellerId: 'seller-2' });
  await system.publish([cancelled.create(), cancelled.start(), cancelled.cancel()]);

  const told = [
    '2 auction.started',
    '3 bid.accepted',
    '4 bid.accepted',
    '4 bidder.outbid',
    '6 auction.ended',
    '6 bidder.won',
  ];
  await until('all are told', () => {
    return [admin, seller].every(({ receiver }) => receiver.told('a0-told').length === 6);
  });
  expect(admin.receiver.told('a0-told')).toEqual(told);
  expect(seller.receiver.told('a0-told')).toEqual(told);
  await until('the other one is told', () => other.receiver.told('a1-told').length === 2);
  expect(other.receiver.told('a1-told')).toEqual(['2 auction.started', '3 auction.cancelled']);
  expect(other.receiver.told('a0-told')).toEqual([]);
  expect(seller.receiver.told('a1-told')).toEqual([]);

  expect(dataOf(admin.receiver, 'bid.accepted')).toMatchObject({
    auction: { id: 'a0-told', title: 'A lamp', sellerId: 'seller-1', currency: 'EUR' },
    state: { price: 2_050, leader: 2 },
    bid: { alias: 2, amount: 2_050, userId: 'ben' },
  });
  expect(dataOf(seller.receiver, 'bid.accepted')?.['bid']).toEqual({ alias: 2, amount: 2_050 });
  expect(dataOf(admin.receiver, 'bidder.outbid')?.['bidder']).toEqual({ alias: 1, userId: 'ann' });
  expect(dataOf(seller.receiver, 'bidder.outbid')?.['bidder']).toEqual({ alias: 1 });
  expect(dataOf(seller.receiver, 'bidder.won')?.['bidder']).toEqual({ alias: 2, userId: 'ben' });
  const everything = seller.receiver.received.map(({ text }) => text).join('\n');
  for (const secret of ['ann', '4000', 'leaderMax', 'fingerprint']) {
    expect(everything).not.toContain(secret);
  }
  for (const { receiver } of [admin, seller, other]) expect(receiver.faults).toEqual([]);

  const newest = async () => (await stage.deliveries(seller.webhook.id, seller.token))[0];
  await until('the last one is noted', async () => (await newest())?.status === 'delivered');
  expect(await newest()).toMatchObject({
    type: 'bidder.won',
    auctionId: 'a0-told',
    seq: 6,
    status: 'delivered',
    attempts: 1,
    lastAttempt: { status: 204, error: null },
  });
});

test('a receiver that is down for an hour gets everything in order; others notice nothing', async () => {
  const stage = await WebhookStage.start(system);
  const down = await stage.receiver(BIDS);
  const up = await stage.receiver(BIDS);
  const { port } = down.receiver;
  await down.receiver.stop();
  await stage.deliver();

  const auctions = ['a0-down', 'a1-down', 'a2-down'].map((auctionId) =>
    auctionFromNow({ auctionId }),
  );
  for (const auction of auctions) await system.publish(auction.opening(20));
  await until('the other one has all', () => up.receiver.received.length === 60);
  // The pauses grow: some ten attempts in what stands for an hour, not hundreds.
  await new Promise((resolve) => setTimeout(resolve, 3_600));
  const [waiting] = await stage.deliveries(down.webhook.id, down.token);
  expect(waiting).toMatchObject({ status: 'pending', lastAttempt: { status: null } });
  expect(waiting?.attempts).toBeGreaterThan(5);
  expect(waiting?.attempts).toBeLessThan(15);
  await down.receiver.start('127.0.0.1', port);
  await until('the first one has all', () => down.receiver.received.length >= 60);
  for (const auction of auctions) {
    expect(down.receiver.told(auction.auctionId)).toEqual(bidsFrom(3, 20));
    expect(up.receiver.told(auction.auctionId)).toEqual(bidsFrom(3, 20));
  }
  expect(up.receiver.received).toHaveLength(60);
}, 60_000);

test('one that fails, hangs, is slow, redirects or floods holds up nobody else', async () => {
  const stage = await WebhookStage.start(system);
  const victim = new Receiver();
  await victim.start();
  onTestFinished(() => victim.stop());
  const failing = await stage.receiver(BIDS);
  failing.receiver.answer = (response) => response.writeHead(500).end('no');
  const hanging = await stage.receiver(BIDS);
  hanging.receiver.answer = () => undefined;
  const slow = await stage.receiver(BIDS);
  slow.receiver.answer = (response) => setTimeout(() => response.writeHead(200).end(), 150);
  const redirecting = await stage.receiver(BIDS);
  redirecting.receiver.answer = (response) =>
    response.writeHead(307, { location: victim.url }).end();
  const flooding = await stage.receiver(BIDS);
  flooding.receiver.answer = (response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write('x'.repeat(65_536)), 1);
    response.on('close', () => clearInterval(more));
  };
  const good = await stage.receiver(BIDS);
  await stage.deliver({ courier: { limitMs: 20_000 } });

  const names = Array.from({ length: 12 }, (_, i) => `a0-many-${i}`);
  const auctions = names.map((auctionId) => auctionFromNow({ auctionId }));
  for (const auction of auctions) await system.publish(auction.opening(5));
  await until('the good one has all', () => good.receiver.received.length === 60);
  // No attempt at the hanging one has ended yet.
  const hung = await stage.deliveries(hanging.webhook.id, hanging.token);
  expect(hung.map(({ lastAttempt }) => lastAttempt)).toEqual(hung.map(() => null));
  await until('what was answered counts', async () => {
    return (
      names.every((name) => slow.receiver.told(name).length === 5) &&
      names.every((name) => flooding.receiver.told(name).length === 5)
    );
  });
  for (const name of names) {
    for (const { receiver } of [good, slow, flooding]) {
      expect(receiver.told(name)).toEqual(bidsFrom(3, 5));
    }
    // Nothing comes after what was not taken.
    for (const { receiver } of [failing, hanging, redirecting]) {
      expect(receiver.told(name).slice(1)).toEqual([]);
    }
  }
  expect(good.receiver.received).toHaveLength(60);
  expect(hanging.receiver.mostOpen).toBeLessThanOrEqual(4);
  expect(victim.requests).toBe(0);
  const newestOf = async ({ webhook, token }: typeof good) =>
    (await stage.deliveries(webhook.id, token)).map(({ lastAttempt }) => lastAttempt);
  expect(await newestOf(failing)).toContainEqual(expect.objectContaining({ status: 500 }));
  expect(await newestOf(redirecting)).toContainEqual(expect.objectContaining({ status: 307 }));
  await until(
    'a hanging attempt is noted',
    async () => (await newestOf(hanging)).some((attempt) => attempt?.error === 'no answer in time'),
    25_000,
  );
}, 60_000);

test('a name that leads to a private address the second time leads nowhere', async () => {
  // 127.0.0.2 stands for a public address, 127.0.0.1 is private.
  const publicOne = '127.0.0.2/32';
  const stage = await WebhookStage.start(system, publicOne);
  const outside = new Receiver();
  await outside.start('127.0.0.2');
  onTestFinished(() => outside.stop());
  outside.answer = (response) => response.writeHead(200, { connection: 'close' }).end();
  const inside = new Receiver();
  await inside.start('127.0.0.1', outside.port);
  onTestFinished(() => inside.stop());
  const url = `http://rebinding.example:${outside.port}/`;
  const { webhook, token, receiver } = await stage.receiver(BIDS, {}, () => url);
  outside.secret = receiver.secret;
  const answers = ['127.0.0.2', '127.0.0.1', '::ffff:127.0.0.1', '127.0.0.2'];
  const asked: string[] = [];
  const lookUpAll = async (name: string) => {
    asked.push(name);
    const address = answers[asked.length - 1] ?? '127.0.0.2';
    // Both at once: the private one is not chosen by chance.
    const both = asked.length === 2 ? ['127.0.0.2', address] : [address];
    return both.map((each) => ({ address: each, family: each.includes(':') ? 6 : 4 }));
  };
  await stage.deliver({ courier: { lookUpAll } }, publicOne);
  const auction = auctionFromNow({ auctionId: 'a0-rebind' });
  const [created, started, first, ...rest] = auction.opening(3);
  if (created === undefined || started === undefined || first === undefined) throw new Error();
  await system.publish([created, started, first]);
  await until('the first bid has arrived', () => outside.received.length === 1);
  await system.publish(rest);
  await until('all have arrived', () => outside.told('a0-rebind').length === 3);
  expect(outside.told('a0-rebind')).toEqual(bidsFrom(3, 3));
  expect(asked.length).toBeGreaterThanOrEqual(5);
  expect(inside.requests).toBe(0);
  const second = (await stage.deliveries(webhook.id, token)).find(({ seq }) => seq === 4);
  expect(second?.attempts).toBe(3);
});

test('nothing is sent to an address that is private, however the webhook came to be', async () => {
  const stage = await WebhookStage.start(system);
  const { receiver, webhook, token } = await stage.receiver(BIDS);
  await stage.deliver({}, '');
  await system.publish(auctionFromNow({ auctionId: 'a0-literal' }).opening(1));
  await until('it is refused', async () => {
    const [last] = await stage.deliveries(webhook.id, token);
    return last?.lastAttempt?.error === '127.0.0.1 is not a public address';
  });
  expect(receiver.requests).toBe(0);
});

test('killed while it delivers: everything arrives, in order, at least once', async () => {
  const stage = await WebhookStage.start(system);
  const { receiver } = await stage.receiver(BIDS);
  const bystander = await stage.receiver(BIDS);
  const { NATS_URL, DATABASE_URL } = stage.settings();
  const begin = () =>
    spawn(process.execPath, ['--import', 'tsx', 'run-webhooks.ts'], {
      cwd: FOLDER,
      env: {
        PATH: process.env['PATH'],
        NATS_URL,
        DATABASE_URL,
        NATS_STREAM_MAX_BYTES: `${256 * 1024 * 1024}`,
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'silent',
        WEBHOOKS_ALLOW_PRIVATE: LOOPBACK,
      },
      stdio: 'ignore',
    });
  const atTheFourth = new Promise<void>((resolve) => {
    receiver.answer = (response) => {
      if (receiver.received.length === 4) resolve();
      else response.writeHead(204).end();
    };
  });
  const first = begin();
  onTestFinished(() => void first.kill('SIGKILL'));
  await system.publish(auctionFromNow({ auctionId: 'a0-killed' }).opening(10));
  await atTheFourth;
  const exited = once(first, 'exit');
  first.kill('SIGKILL');
  await exited;
  receiver.answer = (response) => response.writeHead(204).end();
  await stage.deliver();
  const everything = bidsFrom(3, 10);
  // The killed one had the queue for 30 s.
  const receivers = [receiver, bystander.receiver];
  await until(
    'all have arrived',
    () => receivers.every((each) => each.told('a0-killed').length === 10),
    45_000,
  );
  expect(receiver.told('a0-killed')).toEqual(everything);
  const ids = receiver.received.map(({ id }) => id);
  // The one that was under way came twice, under one id.
  expect(ids.length).toBe(11);
  expect(ids[3]).toBe(ids[4]);
  expect(bystander.receiver.told('a0-killed')).toEqual(everything);
  expect(receiver.faults).toEqual([]);
}, 90_000);

test('two processes share the work and keep the order', async () => {
  const stage = await WebhookStage.start(system);
  const { receiver } = await stage.receiver(BIDS);
  receiver.answer = (response) => setTimeout(() => response.writeHead(204).end(), 5);
  const processes = [await stage.deliver(), await stage.deliver()];
  const names = Array.from({ length: 10 }, (_, i) => `a0-shared-${i}`);
  const auctions = names.map((auctionId) => auctionFromNow({ auctionId }));
  await Promise.all(auctions.map((auction) => system.publish(auction.opening(20))));
  await until('all have arrived', () => receiver.received.length >= 200, 30_000);
  for (const name of names) expect(receiver.told(name)).toEqual(bidsFrom(3, 20));
  expect(receiver.received).toHaveLength(200);
  const attempts = await Promise.all(
    processes.map(async ({ port }) => {
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/attempts_total\{.*result="delivered".*\} (\d+)/.exec(metrics)?.[1]);
    }),
  );
  expect(attempts[0]).toBeGreaterThan(0);
  expect(attempts[1]).toBeGreaterThan(0);
}, 60_000);

test('given up after three days, the next one follows; sent again when asked for', async () => {
  const stage = await WebhookStage.start(system);
  const { receiver, webhook, token } = await stage.receiver(BIDS);
  let isDown = true;
  receiver.answer = (response, { data }) =>
    response.writeHead(isDown && data.seq === 3 ? 503 : 204).end();
  await stage.deliver({ retries: { ...SCALED, forMs: 3_000, mostMs: 200 } });
  await system.publish(auctionFromNow({ auctionId: 'a0-dead' }).opening(3));
  const statuses = async () =>
    (await stage.deliveries(webhook.id, token)).map(({ seq, status }) => `${seq} ${status}`);
  await until('it is given up', async () => (await statuses()).includes('3 dead'));
  await until('the rest follows', async () => (await statuses())[0] === '5 delivered');
  expect(await statuses()).toEqual(['5 delivered', '4 delivered', '3 dead']);
  const dead = (await stage.deliveries(webhook.id, token)).at(-1);
  expect(dead?.attempts).toBeGreaterThan(2);
  expect(dead?.lastAttempt?.status).toBe(503);

  isDown = false;
  const again = `/v1/webhooks/${webhook.id}/deliveries/${dead?.id}/redeliver`;
  const asked = await stage.call('POST', again, { token, body: {}, key: 'once' });
  expect([asked.status, await asked.json()]).toMatchObject([202, { status: 'pending' }]);
  await until('it is delivered', async () => (await statuses()).at(-1) === '3 delivered');
  const count = receiver.received.length;
  const repeat = await stage.call('POST', again, { token, body: {}, key: 'once' });
  expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([202, 'true']);
  expect((await repeat.json()) as object).toMatchObject({ status: 'delivered' });
  expect(receiver.received).toHaveLength(count);
  expect(receiver.received.at(-1)?.id).toBe(dead?.id);
});

test('what a new epoch has superseded is taken back by the ids of the messages', async () => {
  const stage = await WebhookStage.start(system);
  const { receiver } = await stage.receiver(['bid.accepted', 'bidder.outbid']);
  await stage.deliver();
  const auction = auctionFromNow({ auctionId: 'a0-epochs' });
  await system.publish([...auction.opening(2), auction.bid('lost', { amount: 90_000 })]);
  await until('it is told of all', () => receiver.told('a0-epochs').length === 5);
  const idsOf = (from: number) =>
    receiver.received.filter(({ data }) => Number(data.seq) >= from).map(({ id }) => id);
  const lost = idsOf(5);
  expect(lost).toHaveLength(2);

  await system.publish([auction.restart(4), auction.bid('ann', { amount: 5_000 })]);
  await until('it is told what comes instead', () => receiver.told('a0-epochs').length === 8);
  const [back, bid, outbid] = receiver.received.slice(-3);
  expect(back?.type).toBe('auction.rolled_back');
  expect(back?.data).toMatchObject({ epoch: 2, keptSeq: 4 });
  const voided = z.array(z.string()).parse(back?.data['voided']);
  expect(voided.toSorted()).toEqual(lost.toSorted());
  expect(bid).toMatchObject({
    type: 'bid.accepted',
    data: { epoch: 2, seq: 6, bid: { amount: 5_000, userId: 'ann' } },
  });
  expect(outbid).toMatchObject({ type: 'bidder.outbid', data: { bidder: { userId: 'user-1' } } });
});

test('what JetStream lost, turned round or repeated makes no difference', async () => {
  const stage = await WebhookStage.start(system);
  const { receiver } = await stage.receiver(BIDS);
  const auction = auctionFromNow({ auctionId: 'a0-lossy' });
  const entries = auction.opening(8);
  await system.publish([...entries.toReversed(), ...entries.slice(0, 3)]);
  await system.allAcknowledged();
  await system.purge(entries[0]?.subject ?? '');
  await stage.deliver();
  await until('all have arrived', () => receiver.received.length === 8);
  expect(receiver.told('a0-lossy')).toEqual(bidsFrom(3, 8));

  // Before the archive has them, and again after.
  const late = auctionFromNow({ auctionId: 'a1-late' });
  const lateEntries = late.opening(5);
  await system.stopWorkers();
  await system.publish(lateEntries.toReversed());
  const again = await WebhookStage.start(system);
  expect(again).toBeDefined();
  await until('they have arrived too', () => receiver.told('a1-late').length === 5);
  expect(receiver.told('a1-late')).toEqual(bidsFrom(3, 5));
  expect(receiver.received).toHaveLength(13);
});

test('both secrets sign after a rotation, and only what comes after the registration is told', async () => {
  const stage = await WebhookStage.start(system);
  const early = auctionFromNow({ auctionId: 'a0-before', startsAt: Date.now() - 60_000 });
  await system.publish(early.opening(3));
  await system.allAcknowledged();
  const { receiver, webhook, token } = await stage.receiver(BIDS);
  const rotate = `/v1/webhooks/${webhook.id}/rotate`;
  const rotated = await stage.call('POST', rotate, { token, body: {}, key: 'r1' });
  const { secret } = (await rotated.json()) as { secret: string };
  expect(secret).not.toBe(receiver.secret);
  const replayed = await stage.call('POST', rotate, { token, body: {}, key: 'r1' });
  expect(await replayed.json()).toMatchObject({ secret });
  await stage.deliver();
  const auction = auctionFromNow({ auctionId: 'a0-rotated' });
  const [created, started, first, second] = auction.opening(2);
  if (!created || !started || !first || !second) throw new Error('four entries are needed');
  await system.publish([created, started, first]);
  await until('the old secret verifies', () => receiver.received.length === 1);
  receiver.secret = secret;
  await system.publish([second]);
  await until('so does the new one', () => receiver.received.length === 2);
  expect(receiver.faults).toEqual([]);
  expect(receiver.received[1]?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  expect(receiver.told('a0-before')).toEqual([]);
});
