/** The webhooks page: adding one, its secret, what was sent, and what each role sees. */
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DARK_PHONE,
  LIMIT_MS,
  overhang,
  poll,
  seriousFaults,
  signIn,
  signInAsAdmin,
  textOf,
  useStage,
} from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts } from './testing/layout.ts';

const MAX_SHIFT = 0.05;
const TEST_MS = 120_000;

const stage = useStage();
let receiver: Server;
let receiverUrl: string;
/** What the receiver answers. */
let status = 204;
const received: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(String(request.headers['webhook-id']));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  const address = receiver.address();
  if (address === null || typeof address !== 'object') throw new Error('it has no port');
  receiverUrl = `http://127.0.0.1:${address.port}/outcry`;
}, 180_000);
afterAll(async () => {
  receiver.close();
});

const form = (page: Page) => page.getByRole('form', { name: 'Add a webhook' });
const cards = (page: Page) => page.getByTestId('webhook');

async function sell(userId: string, title: string): Promise<string> {
  const seller = await stage.client(userId);
  const terms = { currency: 'USD', startPrice: 1_000, durationSeconds: 3_600 };
  return (await seller.createAuction({ item: { title }, ...terms })).id;
}

test(
  'a seller adds one, keeps its secret, reads what came of it, and ends it',
  {
    timeout: TEST_MS,
  },
  async () => {
    const page = await stage.open('/');
    await signIn(page, 'sam');
    await page.getByRole('button', { name: /Signed in as/ }).click();
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByText('None yet.').waitFor();

    await form(page).getByLabel('Address').fill('shop.example');
    for (const chosen of ['An auction ends', 'A bidder wins']) {
      await form(page).getByLabel(chosen).uncheck();
    }
    await form(page).getByRole('button', { name: 'Add it' }).click();
    await page.getByText('Enter an address that begins with https://').waitFor();
    await page.getByText('Choose at least one.').waitFor();
    await form(page).getByLabel('Address').fill('http://10.0.0.1/');
    await form(page).getByLabel('An auction is cancelled').check();
    await form(page).getByLabel('Address').press('Enter');
    await form(page).getByText('Please check what you entered').waitFor();
    expect(await page.getByLabel('Only auctions of this seller').count()).toBe(0);

    await form(page).getByLabel('Address').fill(receiverUrl);
    await form(page).getByLabel('Address').press('Enter');
    const secret = await textOf(page.getByTestId('secret'));
    expect(secret).toMatch(/^whsec_/);
    expect(await seriousFaults(page)).toEqual([]);
    await stage.shot(page, 'webhook-secret');
    await page.getByRole('button', { name: 'I have kept it' }).press('Enter');
    await cards(page).getByText(receiverUrl).waitFor();
    await cards(page).getByText('Auctions of sam').waitFor();
    expect(await page.content()).not.toContain(secret);

    status = 500;
    const lamp = await sell('sam', 'Brass lamp');
    await (await stage.client('sam')).cancel(lamp);
    await page.getByRole('button', { name: 'What was sent' }).press('Enter');
    const sent = page.getByTestId('delivery');
    await sent.getByText('status 500 in').waitFor();
    await sent.getByText('Waiting').waitFor();
    // As it is after three days.
    const sql = postgres(stage.system.urls['postgres'] ?? '', { max: 1 });
    await sql`UPDATE webhook_deliveries SET status = 'dead'`;
    await sql.end();
    await sent.getByText('Given up').waitFor();
    await stage.shot(page, 'webhook-deliveries');
    status = 204;
    const before = received.length;
    await page.getByRole('button', { name: /^Send again: An auction is cancelled/ }).press('Enter');
    await sent.getByText('Delivered').waitFor();
    await sent.getByText('status 204 in').waitFor();
    expect(received.length).toBeGreaterThan(before);
    expect(new Set(received).size).toBe(1);

    await page.getByRole('button', { name: 'New secret' }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).press('Enter');
    await poll(() => textOf(page.getByTestId('secret'))).toMatch(/^whsec_/);
    expect(await textOf(page.getByTestId('secret'))).not.toBe(secret);
    await page.keyboard.press('Escape');
    await cards(page).getByText('The former secret signs as well until').waitFor();

    await page.getByRole('button', { name: 'Delete', exact: true }).press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).press('Enter');
    await page.getByText('Nothing is sent there any more.').waitFor();
    await page.getByText('None yet.').waitFor();
  },
);

test(
  'an admin sees those of all, and may have one for a seller’s auctions alone',
  {
    timeout: TEST_MS,
  },
  async () => {
    const sellers = await stage.open('/webhooks');
    await sellers.getByText('This page is for sellers and admins').waitFor();
    await signIn(sellers, 'sue');
    await form(sellers).getByLabel('Address').fill(`${receiverUrl}?of=sue`);
    await form(sellers).getByRole('button', { name: 'Add it' }).click();
    await sellers.getByRole('button', { name: 'I have kept it' }).click();
    await poll(() => cards(sellers).count()).toBe(1);

    const admins = await stage.open('/webhooks');
    await signInAsAdmin(admins, 'root');
    await cards(admins).getByText('added by sue').waitFor();
    await form(admins).getByLabel('Address').fill(`${receiverUrl}?of=root`);
    await form(admins).getByLabel('Only auctions of this seller').fill('not an id');
    await form(admins).getByRole('button', { name: 'Add it' }).click();
    await admins.getByText('Enter a user’s id.').waitFor();
    await form(admins).getByLabel('Only auctions of this seller').fill('sue');
    await form(admins).getByRole('button', { name: 'Add it' }).click();
    await admins.getByRole('button', { name: 'I have kept it' }).click();
    await poll(() => cards(admins).count()).toBe(2);
    await admins.getByText('Auctions of sue · added by root').waitFor();
    // The seller's list is read again, and has not the admin's.
    await sellers.waitForResponse(/\/v1\/webhooks\?/);
    expect(await cards(sellers).count()).toBe(1);
  },
);

test(
  'who may not sell sees nothing of it: no link, a kind text, no script',
  {
    timeout: TEST_MS,
  },
  async () => {
    const page = await stage.open('/');
    await signIn(page, 'ann');
    await page.evaluate(() => {
      const kept = JSON.parse(localStorage.getItem('outcry.session') ?? '{}') as object;
      localStorage.setItem('outcry.session', JSON.stringify({ ...kept, roles: ['bidder'] }));
    });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(new URL('/webhooks', page.url()).href);
    await page.getByText('Your account has no part in it.').waitFor();
    await page.getByRole('button', { name: /Signed in as/ }).click();
    await page.getByRole('link', { name: 'Your account' }).waitFor();
    expect(await page.getByRole('link', { name: 'Webhooks' }).count()).toBe(0);
    await page.waitForLoadState('networkidle');
    expect(asked.filter((url) => /webhooks-desk|v1\/webhooks/.test(url))).toEqual([]);
    expect(await seriousFaults(page)).toEqual([]);
  },
);

describe.each([
  ['desktop', undefined],
  ['phone, dark', DARK_PHONE],
] as const)('on a %s', (name, options) => {
  test(
    'nothing is wider than the window, moves by itself, or is out of axe’s rules',
    {
      timeout: TEST_MS,
    },
    async () => {
      const first = await stage.open('/', options);
      await signInAsAdmin(first, 'root');
      const context = first.context();
      await context.addInitScript(COUNT_SHIFTS);
      await context.route('**/v1/**', async (route) => {
        await sleep(300);
        await route.continue();
      });
      const page = await context.newPage();
      page.setDefaultTimeout(LIMIT_MS);
      await page.goto(new URL('/webhooks', first.url()).href);
      await cards(page).first().waitFor();
      await page.getByRole('button', { name: 'What was sent' }).first().click();
      await page.getByText('Nothing was sent in the last 30 days.').waitFor();
      const { sum, moved } = await layoutShifts(page);
      await stage.shot(page, `webhooks ${name}`.replaceAll(/\W+/g, '-'));
      await cards(page).first().scrollIntoViewIfNeeded();
      await stage.shot(page, `webhooks list ${name}`.replaceAll(/\W+/g, '-'));
      expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overhang(page)).toBeLessThanOrEqual(0);
    },
  );
});
