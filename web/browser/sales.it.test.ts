/** A sale from the form to its results, as its seller and two bidders see it. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SaleClient } from '@outcry/client/sale-client.ts';
import {
  DARK_PHONE,
  LIMIT_MS,
  overhang,
  seriousFaults,
  signIn,
  startBrowserStage,
  textOf,
  type BrowserStage,
} from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts } from './testing/layout.ts';

const MAX_SHIFT = 0.05;
const TEST_MS = 180_000;
const HOUR_MS = 3_600_000;

let stage: BrowserStage;

beforeAll(async () => {
  stage = await startBrowserStage();
}, 180_000);
afterEach(() => stage.closeWindows());
afterAll(() => stage.stop());

const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: LIMIT_MS });

/** A moment as a field for dates wants it; the browser's time zone is the machine's. */
function fieldTime(atMs: number): string {
  const at = new Date(atMs);
  return new Date(atMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

async function sales(userId: string): Promise<SaleClient> {
  const gatewayUrl = stage.system.urls['api-gateway'] ?? '';
  const asker = await stage.client(userId);
  const { token } = await asker.devToken(userId, ['bidder', 'seller']);
  return new SaleClient({
    gatewayUrl,
    historyUrl: stage.system.urls['archival-worker'],
    token,
  });
}

async function leaveMaximum(page: Page, amount: string): Promise<void> {
  const form = page.getByRole('form', { name: 'Leave a bid' });
  await form.getByRole('textbox').fill(amount);
  await form.getByRole('textbox').press('Enter');
}

test(
  'a sale is made, filled, registered for, bid in and paused',
  { timeout: TEST_MS },
  async () => {
    const seller = await stage.open('/sales');
    await signIn(seller, 'sam');
    const form = seller.getByRole('form', { name: 'New sale' });
    await form.getByRole('button', { name: 'Make the sale' }).click();
    await form.getByText('The title is missing.').waitFor();
    await form.getByLabel('Title').fill('Lamps of the house');
    await form.getByLabel('First lot ends').fill(fieldTime(Date.now() + HOUR_MS));
    await form.getByLabel('Who may bid').selectOption('approval');
    await form.getByLabel('Limit of a bidder').fill('100');
    await form.getByLabel('Title').press('Enter');
    const lots = seller.getByRole('form', { name: 'Add a lot' });
    for (const title of ['Brass lamp', 'Tin lamp']) {
      await lots.getByLabel('Title').fill(title);
      await lots.getByLabel('Start price').fill('10');
      await lots.getByLabel('Start price').press('Enter');
      await seller.getByTestId('lots').getByText(title).waitFor();
    }
    await stage.shot(seller, 'sale-manage');
    expect(await seriousFaults(seller)).toEqual([]);

    const ann = await stage.open('/', DARK_PHONE);
    await signIn(ann, 'ann');
    await ann.getByRole('link', { name: 'Sales' }).click();
    await ann.getByRole('link', { name: 'Lamps of the house' }).click();
    await ann.getByRole('button', { name: 'Register' }).click();
    await ann.getByText('waits for the seller’s approval').waitFor();
    expect(await seriousFaults(ann)).toEqual([]);
    expect(await overhang(ann)).toBeLessThanOrEqual(0);
    await stage.shot(ann, 'sale-pending-phone');
    await seller.getByRole('button', { name: 'Approve paddle 1' }).press('Enter');
    await ann.getByText('$100.00 is left').waitFor();

    await ann.getByRole('link', { name: 'Brass lamp' }).click();
    await ann.getByRole('link', { name: 'Lot 1 of Lamps of the house' }).waitFor();
    const bid = ann.getByRole('form', { name: 'Place a bid' });
    await bid.getByLabel('Your maximum bid').fill('150');
    await bid.getByRole('button', { name: 'Place bid' }).click();
    if ((await bid.getByRole('button', { name: 'Place bid' }).count()) > 0) {
      // A sum so high is asked about once more.
      await bid.getByRole('button', { name: 'Place bid' }).click();
    }
    await ann.getByText('This bid is above your limit').waitFor();
    await bid.getByLabel('Your maximum bid').fill('60');
    await bid.getByRole('button', { name: 'Place bid' }).click();
    await ann.getByText('$40.00 is left').waitFor();
    await stage.shot(ann, 'sale-lot-phone');
    expect(await seriousFaults(ann)).toEqual([]);
    expect(await overhang(ann)).toBeLessThanOrEqual(0);

    // Another bidder, who registers in the room of the lot, frees the first one's limit.
    await ann.getByRole('link', { name: 'Next lot' }).click();
    await ann.getByRole('heading', { name: 'Tin lamp' }).waitFor();
    const bob = await stage.open(new URL(ann.url()).pathname);
    await signIn(bob, 'bob');
    await bob.getByRole('button', { name: 'Register' }).click();
    await seller.getByRole('button', { name: 'Approve paddle 2' }).click();
    await bob.getByText('$100.00 is left').waitFor();
    await bob.getByRole('link', { name: 'Previous lot' }).click();
    await bob.getByRole('heading', { name: 'Brass lamp' }).waitFor();
    await bob.getByLabel('Your maximum bid').fill('80');
    await bob.getByRole('button', { name: 'Place bid' }).click();
    await bob.getByText('$20.00 is left').waitFor();
    await ann.getByText('$100.00 is left').waitFor();
    await ann.getByRole('link', { name: /Lot 2 of/ }).click();
    await ann.getByTestId('lots').getByText('Outbid').waitFor();

    await seller.getByRole('button', { name: 'Pause the sale' }).press('Enter');
    await seller.getByLabel('Reason').fill('The fire alarm rings.');
    await seller.getByLabel('Reason').press('Enter');
    await ann.getByText('The fire alarm rings.').waitFor();
    await stage.shot(ann, 'sale-paused-phone');
    await seller.getByRole('button', { name: 'Resume the sale' }).press('Enter');
    await poll(() => textOf(ann.getByTestId('sale-status'))).toBe('Open for bids');
    await seller.getByRole('button', { name: 'Block paddle 2' }).press('Enter');
    await bob.getByTestId('admission').getByText('may not bid here any more').waitFor();
  },
);

test('a maximum is left before the start, raised, withdrawn', { timeout: TEST_MS }, async () => {
  const seller = await stage.client('sam');
  const { id } = await seller.createAuction({
    item: { title: 'Clock' },
    currency: 'USD',
    startPrice: 1_000,
    startsAt: new Date(Date.now() + HOUR_MS).toISOString(),
    durationSeconds: 3_600,
  });
  const page = await stage.open(`/auctions/${id}`, DARK_PHONE);
  await signIn(page, 'ann');
  await leaveMaximum(page, '20');
  const left = page.getByTestId('absentee');
  await left.getByText('$20.00', { exact: true }).waitFor();
  await leaveMaximum(page, '15');
  await page.getByText('a raise must be above it').waitFor();
  await leaveMaximum(page, '25');
  await left.getByText('$25.00', { exact: true }).waitFor();
  await stage.shot(page, 'absentee-phone');
  expect(await seriousFaults(page)).toEqual([]);
  expect(await overhang(page)).toBeLessThanOrEqual(0);
  await page.reload();
  await left.getByText('$25.00', { exact: true }).waitFor();
  await left.getByRole('button', { name: 'Withdraw it' }).press('Enter');
  await left.getByText('Until then you can leave a maximum bid.').waitFor();
});

test(
  'a maximum that was left leads at the start, and was nobody else’s to see',
  async () => {
    const seller = await stage.client('sam');
    const { id } = await seller.createAuction({
      item: { title: 'Early clock' },
      currency: 'USD',
      startPrice: 1_000,
      startsAt: new Date(Date.now() + 8_000).toISOString(),
      durationSeconds: 3_600,
    });
    const [page, others] = await Promise.all([
      stage.open(`/auctions/${id}`),
      stage.open(`/auctions/${id}`, DARK_PHONE),
    ]);
    await signIn(page, 'ann');
    await leaveMaximum(page, '25');
    await page.getByTestId('absentee').getByText('$25.00', { exact: true }).waitFor();
    expect(await textOf(others.getByTestId('bid-count'))).toBe('no bids');
    expect(await textOf(others.locator('main'))).not.toContain('25.00');
    await page.getByTestId('stake').getByText('Your maximum is $25.00.').waitFor();
    await poll(() => textOf(others.getByTestId('bid-count'))).toBe('1 bid');
    expect(await textOf(others.locator('main'))).not.toContain('25.00');
  },
  TEST_MS,
);

describe.each([
  ['desktop', undefined],
  ['phone, dark', DARK_PHONE],
] as const)('on a %s', (name, options) => {
  test(
    'an ended sale shows its results, and nothing moves or is wider than the window',
    { timeout: TEST_MS },
    async () => {
      const owner = await sales('sam');
      const sale = await owner.create({
        title: `Spoons for a ${name}`,
        currency: 'USD',
        firstLotEndsAt: new Date(Date.now() + 8_000).toISOString(),
        staggerSeconds: 0,
        registration: 'open',
        softClose: null,
      });
      const seller = await stage.client('sam');
      const [first] = await Promise.all(
        ['Silver spoon', 'Tin spoon'].map((title) =>
          seller.createAuction({ saleId: sale.id, item: { title }, startPrice: 500 }),
        ),
      );
      await (await sales('ann')).register(sale.id);
      await (await stage.client('ann')).bid(first?.id ?? '', { maxAmount: 900 });
      const page = await stage.open(`/sales/${sale.id}`, options, COUNT_SHIFTS);
      await page.getByTestId('lots').getByText('Silver spoon').waitFor();
      const { sum, moved } = await layoutShifts(page);
      expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);
      await stage.shot(page, `sale ${name}`.replaceAll(/\W+/g, '-'));
      expect(await seriousFaults(page)).toEqual([]);
      await page.getByTestId('results').getByText('Sold for $5.00').waitFor({ timeout: 30_000 });
      await page.getByTestId('results').getByText('No bids').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download the results as CSV' }).click(),
      ]);
      expect(download.suggestedFilename()).toBe('outcry-the-results.csv');
      await stage.shot(page, `sale ended ${name}`.replaceAll(/\W+/g, '-'));
      expect(await seriousFaults(page)).toEqual([]);
      expect(await overhang(page)).toBeLessThanOrEqual(0);
    },
  );
});

test(
  'a list with mistakes is refused line by line, and one without becomes lots',
  { timeout: TEST_MS },
  async () => {
    const { id } = await (
      await sales('sam')
    ).create({
      title: 'Clocks of the house',
      currency: 'EUR',
      firstLotEndsAt: new Date(Date.now() + HOUR_MS).toISOString(),
      staggerSeconds: 60,
      registration: 'open',
    });
    const seller = await stage.open(`/sales/${id}`, DARK_PHONE);
    await signIn(seller, 'sam');
    const list = Array.from({ length: 40 }, (_, i) => `Clock ${i + 1},${i + 1}.50`);
    const choose = (lines: readonly string[]): Promise<void> =>
      seller.getByLabel('CSV file').setInputFiles({
        name: 'lots.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(`title,startPrice\n${lines.join('\n')}\n`),
      });
    await choose(list.with(2, 'Clock,free').with(7, ',10'));
    const faults = seller.getByTestId('lot-faults').getByRole('listitem');
    await poll(() => faults.allTextContents()).toEqual([
      expect.stringContaining('Line 4: startPrice'),
      'Line 9: title: Give it a title.',
    ]);
    expect(await seller.getByRole('button', { name: /^Add 40/ }).count()).toBe(0);
    await faults.last().scrollIntoViewIfNeeded();
    await stage.shot(seller, 'sale-import-faults-phone');
    expect([await seriousFaults(seller), await overhang(seller)]).toEqual([[], 0]);
    await choose(list);
    await seller.getByTestId('lot-preview').getByText('40 lots:').waitFor();
    await seller.getByRole('button', { name: 'Add 40 lots' }).scrollIntoViewIfNeeded();
    await stage.shot(seller, 'sale-import-preview-phone');
    await seller.getByRole('button', { name: 'Add 40 lots' }).press('Enter');
    await seller.getByText('All 40 lots are in the sale.').waitFor();
    expect((await (await sales('sam')).read(id)).lots).toHaveLength(40);
    expect([await seriousFaults(seller), await overhang(seller)]).toEqual([[], 0]);
  },
);
