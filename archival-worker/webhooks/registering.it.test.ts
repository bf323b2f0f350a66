/** Who may do what with webhooks, over HTTP. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Webhook, WebhookWithSecret } from '@outcry/shared/contracts/webhooks.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';
import { WebhookStage } from '../testing/webhook-stage.ts';

const URL_OUTSIDE = 'https://shop.example/hook';
const REQUEST = { url: URL_OUTSIDE, events: ['bidder.won'] };

let system: TestSystem;
let stage: WebhookStage;

beforeAll(async () => {
  system = await TestSystem.start();
  stage = await WebhookStage.start(system, '');
});
afterEach(() => system.sql`DELETE FROM webhooks`);
afterAll(() => system.stop());

const ann = tokenOf('ann', ['seller', 'bidder']);
const ben = tokenOf('ben', ['seller']);
const root = tokenOf('root', ['admin']);

async function registered(token: string, body: object = {}): Promise<WebhookWithSecret> {
  const answer = await stage.call('POST', '/v1/webhooks', {
    token,
    body: { ...REQUEST, ...body },
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as WebhookWithSecret;
}

async function listed(token: string): Promise<readonly Webhook[]> {
  const answer = await stage.call('GET', '/v1/webhooks', { token });
  return ((await answer.json()) as { items: readonly Webhook[] }).items;
}

/** A message that was sent to a webhook. */
async function sentTo({ id }: Webhook): Promise<string> {
  await system.sql`
    INSERT INTO webhook_queues (webhook_id, auction_id, epoch, seq) VALUES (${id}, 'a0-x', 1, 3)`;
  await system.sql`
    INSERT INTO webhook_deliveries
           (id, webhook_id, auction_id, epoch, seq, type, payload, at, status)
    VALUES (${`msg_${id}`}, ${id}, 'a0-x', 1, 3, 'bidder.won', '{}', now(), 'dead')`;
  return `msg_${id}`;
}

/** Every route, by who asks for a webhook of ann's: its status. */
const TABLE = {
  nobody: [401, 401, 401, 401, 401, 401],
  bidder: [403, 403, 403, 403, 403, 403],
  'another seller': [201, 200, 404, 404, 404, 404],
  owner: [201, 200, 200, 200, 202, 204],
  admin: [201, 200, 200, 200, 202, 204],
} as const;
const TOKENS = {
  nobody: 'none',
  bidder: tokenOf('ann', ['bidder']),
  'another seller': ben,
  owner: ann,
  admin: root,
} as const;

test.each(['nobody', 'bidder', 'another seller', 'owner', 'admin'] as const)(
  'roles and routes: %s',
  async (who) => {
    const webhook = await registered(ann);
    const sent = await sentTo(webhook);
    const token = TOKENS[who];
    const one = `/v1/webhooks/${webhook.id}`;
    const statuses = [
      await stage.call('POST', '/v1/webhooks', { token, body: REQUEST }),
      await stage.call('GET', '/v1/webhooks', { token }),
      await stage.call('GET', `${one}/deliveries`, { token }),
      await stage.call('POST', `${one}/rotate`, { token, body: {} }),
      await stage.call('POST', `${one}/deliveries/${sent}/redeliver`, { token, body: {} }),
      await stage.call('DELETE', one, { token }),
    ].map(({ status }) => status);
    expect(statuses).toEqual(TABLE[who]);
    // What was refused has changed nothing.
    const [left] = await listed(ann);
    if (who === 'bidder' || who === 'nobody') {
      const { secret: _, ...shown } = webhook;
      expect(left).toEqual(shown);
    }
  },
);

test('a seller is told of own auctions, whatever is asked for; an admin of those that are asked for', async () => {
  expect((await registered(ann)).auctionsOf).toBe('ann');
  expect((await registered(ann, { auctionsOf: 'ann' })).auctionsOf).toBe('ann');
  expect((await registered(root)).auctionsOf).toBeNull();
  expect((await registered(root, { auctionsOf: 'ben' })).auctionsOf).toBe('ben');
  const foreign = await stage.call('POST', '/v1/webhooks', {
    token: ann,
    body: { ...REQUEST, auctionsOf: 'ben' },
  });
  expect([foreign.status, await foreign.json()]).toMatchObject([403, { code: 'FORBIDDEN' }]);
  expect(await listed(ann)).toHaveLength(2);
  expect(await listed(root)).toHaveLength(4);
});

test('the secret is shown once', async () => {
  const { secret, ...webhook } = await registered(ann);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(await listed(ann)).toEqual([webhook]);
  expect(JSON.stringify(await listed(root))).not.toContain('whsec');
});

test('a repeat with its key gets the first answer; another request under it is refused', async () => {
  const ask = (body: object) =>
    stage.call('POST', '/v1/webhooks', { token: ann, body, key: 'first' });
  const first = await ask(REQUEST);
  const again = await ask(REQUEST);
  expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(await again.json()).toEqual(await first.json());
  const other = await ask({ ...REQUEST, url: 'https://other.example/' });
  expect([other.status, await other.json()]).toMatchObject([422, { code: 'IDEMPOTENCY_MISMATCH' }]);
  expect(await listed(ann)).toHaveLength(1);
});

test('a user has twenty at most, also when all are asked for at once', async () => {
  const asked = Array.from({ length: 25 }, (_, i) =>
    stage.call('POST', '/v1/webhooks', {
      token: ann,
      body: { ...REQUEST, url: `https://shop.example/${i}` },
    }),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(20);
  expect(statuses.filter((status) => status === 409)).toHaveLength(5);
  await registered(ben);
  const pages = await stage.call('GET', '/v1/webhooks?limit=15', { token: ann });
  const page = (await pages.json()) as { items: Webhook[]; nextCursor: string };
  const rest = await stage.call('GET', `/v1/webhooks?limit=15&cursor=${page.nextCursor}`, {
    token: ann,
  });
  const { items, nextCursor } = (await rest.json()) as { items: Webhook[]; nextCursor: null };
  expect(nextCursor).toBeNull();
  const ids = [...page.items, ...items].map(({ id }) => id);
  expect(new Set(ids).size).toBe(20);
});

test.each([
  [{ url: 'http://shop.example/' }, 'url'],
  [{ url: 'https://169.254.169.254/latest' }, 'url'],
  [{ url: 'https://0x7f000001/' }, 'url'],
  [{ url: 'https://a:b@shop.example/' }, 'url'],
  [{ url: 'ftp://shop.example/' }, 'url'],
  [{ url: `https://shop.example/${'x'.repeat(2_048)}` }, 'url'],
  [{ events: [] }, 'events'],
  [{ events: ['bidder.won', 'bidder.won'] }, 'events'],
  // There are no sales yet.
  [{ events: ['sale.paused'] }, 'events.0'],
  [{ auctionsOf: 'an n' }, 'auctionsOf'],
  [{ secret: 'mine' }, ''],
])('refused: %o', async (wrong, path) => {
  const answer = await stage.call('POST', '/v1/webhooks', {
    token: ann,
    body: { ...REQUEST, ...wrong },
  });
  const { code, errors } = (await answer.json()) as { code: string; errors: { path: string }[] };
  expect([answer.status, code]).toEqual([422, 'INVALID_REQUEST']);
  expect(errors[0]?.path).toBe(path);
});
