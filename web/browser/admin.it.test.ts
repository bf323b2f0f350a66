/** The admin's desk: what admins find, and what they do about it; and that nobody else sees it. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventSubject } from '@outcry/shared/contracts/keys.ts';
import { until } from '@outcry/shared/testing/until.ts';
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
let lamp: string;
let bidId: string;
let saleId: string;
let sql: ReturnType<typeof postgres>;

beforeAll(async () => {
  sql = postgres(stage.system.urls['postgres'] ?? '', { max: 1 });
  const seller = await stage.client('sam');
  const [ann, ben] = await Promise.all([stage.client('ann'), stage.client('ben')]);
  const terms = { currency: 'USD', startPrice: 1_000, durationSeconds: 3_600 };
  lamp = (await seller.createAuction({ item: { title: 'Brass lamp' }, ...terms })).id;
  ({ bidId } = await ann.bid(lamp, { maxAmount: 2_000 }));
  await ben.bid(lamp, { maxAmount: 9_000 });
  ({ id: saleId } = await (
    await stage.sales('sam')
  ).create({
    title: 'Lamps of the house',
    currency: 'USD',
    firstLotEndsAt: new Date(Date.now() + 3_600_000).toISOString(),
    staggerSeconds: 60,
    registration: 'approval',
  }));
  await seller.createAuction({ saleId, item: { title: 'Tin lamp' }, startPrice: 500 });
  await (await stage.sales('ann')).register(saleId);
  await until('both bids are archived', async () => (await ben.userStats()).bids === 1);
}, 180_000);
afterAll(async () => {
  await sql.end();
});

/** A message of this auction that is no event, as the worker keeps it. */
async function deadLetter(text: string): Promise<void> {
  const payload = Buffer.from(text);
  await sql`
    INSERT INTO dead_letters (payload_hash, subject, auction_id, payload, reason)
    VALUES (sha256(${payload}), ${eventSubject(0, 'a0-junk')}, 'a0-junk', ${payload},
            'line 1 is not JSON')`;
}

/** Presses a button, or follows a link, as somebody does who has no mouse. */
async function press(place: Locator): Promise<void> {
  await place.focus();
  await place.press('Enter');
}

const find = async (page: Page, what: string, id: string): Promise<void> => {
  const form = page.getByRole('search', { name: 'Find by id' });
  await form.getByRole('radio', { name: what }).check();
  await form.getByRole('textbox').fill(id);
  await form.getByRole('textbox').press('Enter');
};

test(
  'an admin finds an auction, pauses it, resumes it, removes a bidder, and reads the record',
  {
    timeout: TEST_MS,
  },
  async () => {
    const room = await stage.open(`/auctions/${lamp}`);
    const page = await stage.open('/');
    await signInAsAdmin(page, 'root');
    await page.getByRole('button', { name: /Signed in as/ }).click();
    await page.getByRole('link', { name: 'Admin’s desk' }).click();
    await page.getByRole('heading', { name: 'Admin’s desk' }).waitFor();
    await find(page, 'Auction', `${stage.system.urls['web']}/auctions/${lamp}`);
    const facts = page.getByTestId('auction-facts');
    await facts.getByText('live').waitFor();

    await press(page.getByRole('button', { name: 'Pause' }));
    await page.getByLabel('Reason').fill('The lot is being examined again.');
    await page.getByLabel('Reason').press('Enter');
    await facts.getByText('paused').waitFor();
    await room.getByText('The lot is being examined again.').waitFor();
    await press(page.getByRole('button', { name: 'Resume' }));
    await facts.getByText('live').waitFor();

    const bidders = page.getByRole('region', { name: 'Bidders' });
    await bidders.getByRole('link', { name: 'ben' }).waitFor();
    await press(bidders.getByRole('button', { name: 'Remove bidder 2' }));
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await dialog.getByText('must have at least one visible character').waitFor();
    await dialog.getByLabel('Reason').fill('No identity card.');
    await dialog.getByLabel('Reason').press('Enter');
    await bidders.getByText('Bidder 2 is removed').waitFor();
    await bidders.getByText('removed', { exact: true }).waitFor();
    await poll(() => textOf(facts)).toContain('$10.00');
    expect(await bidders.getByRole('button', { name: 'Remove bidder 2' }).count()).toBe(0);

    const record = page.getByRole('region', { name: 'Record' });
    await record.getByText('No identity card.').waitFor();
    expect(await record.getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/^Put up by sam/),
      expect.stringMatching(/^Paused by root.*examined again/),
      expect.stringMatching(/^Resumed by root/),
      expect.stringMatching(/^Bidder 2 removed by root.*No identity card/),
    ]);
    await stage.shot(page, 'admin-auction');
  },
);

test('from a bid to its bidder, whose sessions are ended', { timeout: TEST_MS }, async () => {
  const annsPage = await stage.open('/');
  await signIn(annsPage, 'ann');
  const page = await stage.open('/admin');
  await page.getByText('This page is for admins').waitFor();
  await signInAsAdmin(page, 'root');
  await find(page, 'Bid', bidId);
  const bid = page.getByTestId('bid');
  await bid.getByText('up to $20.00').waitFor();
  await press(bid.getByRole('link', { name: 'ann' }));
  await poll(() => textOf(page.getByTestId('user-figures'))).toContain('Auctions entered1');
  await page.getByRole('region', { name: 'Bids' }).getByRole('link', { name: lamp }).waitFor();

  await press(page.getByRole('button', { name: 'End all sessions' }));
  await page.getByRole('button', { name: 'Yes, end them' }).click();
  await page.getByText('Sessions ended').waitFor();
  await annsPage.getByTestId('sign-in-trouble').waitFor();

  await find(page, 'Bid', 'b-nothing');
  await page.getByText('There is no bid with this id.').waitFor();
  await find(page, 'Auction', 'no id');
  await page.getByText('Enter an id').waitFor();
});

test(
  'from a seller to a sale, which is paused and resumed, a bidder admitted, and the record read',
  { timeout: TEST_MS },
  async () => {
    const page = await stage.open('/admin');
    await signInAsAdmin(page, 'root');
    await find(page, 'User', 'sam');
    const sales = page.getByRole('region', { name: 'Sales of several lots' });
    await press(sales.getByRole('link', { name: 'Lamps of the house' }));
    const facts = page.getByTestId('sale-facts');
    await facts.getByText('Open for bids').waitFor();
    expect(await textOf(facts)).toContain('Lots1');

    await press(page.getByRole('button', { name: 'Pause the sale' }));
    await page.getByLabel('Reason').fill('The seller is not at home.');
    await page.getByLabel('Reason').press('Enter');
    await facts.getByText('Paused').waitFor();
    await press(page.getByRole('button', { name: 'Resume the sale' }));
    await facts.getByText('Open for bids').waitFor();
    await press(page.getByRole('button', { name: 'Approve paddle 1' }));
    await page.getByTestId('registration').getByText('approved').waitFor();
    const record = page.getByRole('region', { name: 'Record' });
    await poll(() => record.getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/^Made by sam/),
      expect.stringMatching(/^Paused by root.*not at home/),
      expect.stringMatching(/^Resumed by root/),
      expect.stringMatching(/^Paddle 1 approved by root/),
    ]);
    await stage.shot(page, 'admin-sale');

    await find(page, 'Sale', 's0-nothing');
    await page.getByText('There is no sale with this id.').waitFor();
    await find(page, 'Sale', `${stage.system.urls['web']}/sales/${saleId}`);
    await facts.getByRole('link', { name: saleId }).waitFor();
    await press(facts.getByRole('link', { name: 'sam' }));
    await sales.getByText('Open for bids').waitFor();
  },
);

test('an announcement reaches every page until it is closed', { timeout: TEST_MS }, async () => {
  const visitor = await stage.open('/', DARK_PHONE);
  await visitor.getByTestId('auction-card').first().waitFor();
  const page = await stage.open('/admin');
  await signInAsAdmin(page, 'root');
  await page.getByRole('button', { name: 'Tell everybody' }).click();
  await page.getByText('Write what everybody is to read.').waitFor();
  await page.getByLabel('What everybody is to read').fill('Back in five minutes.');
  await press(page.getByRole('button', { name: 'Tell everybody' }));
  await page.getByText('Announced').waitFor();
  await visitor.getByText('Back in five minutes.').waitFor();
  expect([await seriousFaults(visitor), await overhang(visitor)]).toEqual([[], 0]);
  await stage.shot(visitor, 'announcement-phone');
  await visitor.getByRole('button', { name: 'Dismiss' }).click();
  await visitor.getByText('Back in five minutes.').waitFor({ state: 'hidden' });
});

test(
  'dead letters are stored again, or discarded with a reason',
  { timeout: TEST_MS },
  async () => {
    await deadLetter('no event');
    const page = await stage.open('/admin');
    await signInAsAdmin(page, 'root');
    const letters = page.getByRole('region', { name: 'Dead letters' });
    await letters.getByText('line 1 is not JSON').waitFor();
    await press(letters.getByRole('button', { name: 'Store again' }));
    await letters.getByText('Still not stored').waitFor();
    await press(letters.getByRole('button', { name: 'Discard' }));
    await page.getByLabel('Reason').fill('Sent by a test.');
    await page.getByLabel('Reason').press('Enter');
    await letters.getByText('It is kept aside with your name and reason.').waitFor();
    await letters.getByText('There are none').waitFor();
    const kept = await sql`SELECT discarded_by AS by, why FROM discarded_letters`;
    expect([...kept]).toEqual([{ by: 'root', why: 'Sent by a test.' }]);
  },
);

test(
  'a bidder sees nothing of it: no link, a kind text, no script',
  { timeout: TEST_MS },
  async () => {
    const page = await stage.open('/');
    await signIn(page, 'ann');
    const scripts: string[] = [];
    page.on('request', (request) => scripts.push(request.url()));
    await page.getByRole('button', { name: /Signed in as/ }).click();
    await page.getByRole('link', { name: 'Your account' }).waitFor();
    expect(await page.getByRole('link', { name: 'Admin’s desk' }).count()).toBe(0);
    await page.goto(new URL('/admin', page.url()).href);
    await page.getByText('Your account has no part in it.').waitFor();
    await page.waitForLoadState('networkidle');
    expect(await page.getByRole('search').count()).toBe(0);
    expect(scripts.filter((url) => /admin-desk|dead-letters|\/bidders/.test(url))).toEqual([]);
    expect(await seriousFaults(page)).toEqual([]);
    await stage.shot(page, 'admin-refused');
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
      await deadLetter(`nothing for a ${name}`);
      const first = await stage.open('/', options);
      await signInAsAdmin(first, 'root');
      const context = first.context();
      await context.addInitScript(COUNT_SHIFTS);
      let calls = 0;
      await context.route('**/v1/**', async (route) => {
        // Answers come in frames of their own: what each of them moves is seen.
        calls += 1;
        await sleep([150, 450, 300][calls % 3]);
        await route.continue();
      });
      const look = async (path: string, ready: string): Promise<void> => {
        const page = await context.newPage();
        page.setDefaultTimeout(LIMIT_MS);
        await page.goto(new URL(path, first.url()).href);
        await page.getByRole('main').getByText(ready).first().waitFor();
        await page.waitForLoadState('networkidle');
        const { sum, moved } = await layoutShifts(page);
        await stage.shot(
          page,
          `${path.replaceAll(/\W+/g, ' ').trim()} ${name}`.replaceAll(/\W+/g, '-'),
        );
        expect(sum, `${path}: ${moved.join('\n')}`).toBeLessThan(MAX_SHIFT);
        expect(await seriousFaults(page), path).toEqual([]);
        expect(await overhang(page), path).toBeLessThanOrEqual(0);
        await page.close();
      };
      await look('/admin', 'line 1 is not JSON');
      await look(`/admin?auction=${lamp}`, 'No identity card.');
      await look(`/admin?bid=${bidId}`, 'up to $20.00');
      await look('/admin?user=ann', lamp);
      await look('/admin?user=sam', 'Lamps of the house');
      await look(`/admin?sale=${saleId}`, 'Paddle 1 approved');
    },
  );
});
