/** The seller's desk: how own auctions stand, and all that can be done with them. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import {
  DARK_PHONE,
  overhang,
  poll,
  seriousFaults,
  signIn,
  textOf,
  useStage,
  type BrowserStage,
} from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts } from './testing/layout.ts';

const MAX_SHIFT = 0.05;
const HOUR_MS = 3_600_000;

const stage = useStage();
let sam: OutcryClient;
let ann: OutcryClient;

const auctionOf = (
  seller: OutcryClient,
  title: string,
  terms: Partial<Parameters<OutcryClient['createAuction']>[0]> = {},
): Promise<AuctionView> =>
  seller.createAuction({
    item: { title, description: 'Hardly used.' },
    currency: 'USD',
    startPrice: 1_000,
    durationSeconds: 1_200,
    ...terms,
  });

beforeAll(async () => {
  [sam, ann] = await Promise.all([stage.client('sam'), stage.client('ann')]);
  const lamp = await auctionOf(sam, 'Brass lamp', { reservePrice: 5_000 });
  await ann.bid(lamp.id, { amount: 1_000 });
  const clock = await auctionOf(sam, 'Cuckoo clock', { durationSeconds: 2_400 });
  await sam.pause(clock.id, 'A leg is loose.');
  await auctionOf(sam, 'Kimono', { startsAt: new Date(Date.now() + HOUR_MS).toISOString() });
  const spoon = await auctionOf(sam, 'Silver spoon', { buyNowPrice: 2_500 });
  await ann.buyNow(spoon.id);
  await auctionOf(sam, 'Odd glove', { durationSeconds: 0.001, reservePrice: 3_000 });
}, 180_000);

const rows = (page: Page): Locator => page.getByTestId('sale');
const row = (page: Page, title: string): Locator => page.getByRole('article', { name: title });

/** Nothing that the accessibility checker finds serious, and nothing beyond the window. */
const expectSound = async (page: Page): Promise<void> => {
  expect(await seriousFaults(page)).toEqual([]);
  expect(await overhang(page)).toBeLessThanOrEqual(0);
};

/** A desk of this seller's. */
const openDesk = async (
  name: string,
  options?: Parameters<BrowserStage['open']>[1],
  path = '/selling',
): Promise<Page> => {
  const page = await stage.open(path, options, COUNT_SHIFTS);
  await signIn(page, name);
  return page;
};

describe.each([
  ['desktop', undefined],
  ['phone', DARK_PHONE],
] as const)('on a %s', (name, options) => {
  test('what is live, scheduled, sold and not sold, with what only the seller knows', async () => {
    const page = await openDesk('sam', options);
    await rows(page).first().waitFor();
    const look = async (tab: string, titles: string[]): Promise<void> => {
      await page.getByRole('link', { name: tab, exact: true }).click();
      await poll(() => page.locator('.sale h2').allTextContents()).toEqual(titles);
      await expectSound(page);
      await stage.shot(page, `selling-${tab.toLowerCase().replace(' ', '-')}-${name}`);
    };
    await look('Live', ['Brass lamp', 'Cuckoo clock']);
    expect(await textOf(row(page, 'Brass lamp'))).toContain('1 bid, Bidder 1 leads');
    expect(await textOf(row(page, 'Brass lamp'))).toContain('reserve $50.00 (not reached)');
    expect(await textOf(row(page, 'Cuckoo clock'))).toContain('Paused');
    // What has bids can no longer be changed or taken back.
    expect(
      await row(page, 'Brass lamp')
        .getByText(/^(?:Change|Cancel)/)
        .count(),
    ).toBe(0);
    await look('Scheduled', ['Kimono']);
    await look('Sold', ['Silver spoon']);
    expect(await textOf(row(page, 'Silver spoon'))).toContain('Bidder 1 won');
    await look('Not sold', ['Odd glove']);
    expect(await textOf(row(page, 'Odd glove'))).toContain('reserve $30.00');
    const { sum, moved } = await layoutShifts(page);
    expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);

    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download my sales as CSV' }).click();
    expect(await readFile(await (await saving).path(), 'utf8')).toContain(
      '"Silver spoon",1,1,25.00',
    );
  });

  test('the form takes dates and all terms, and says what is wrong with them', async () => {
    const page = await openDesk(`sue-${name}`, options, '/sell');
    await page.getByLabel('Title').fill('Kimono');
    await page.getByLabel('Start price').fill('15');
    await page.getByLabel('Opens').selectOption('On a date');
    await page.getByLabel('Lasts').selectOption('Until a date');
    await page.getByText('More terms').click();
    await page.getByLabel('Increments').fill('1: 5');
    await page.getByLabel('Highest bid').fill('14');
    await page.getByRole('button', { name: 'Schedule auction' }).click();
    expect(await page.locator('.fault').allTextContents()).toEqual(
      expect.arrayContaining([
        'Choose a day and a time.',
        'This table cannot be used: the first row must start at 0.',
        'It cannot be below one of the prices above.',
      ]),
    );
    await expectSound(page);
    await stage.shot(page, `sell-terms-${name}`);
    await page.getByLabel('Opens on').fill(dateIn(HOUR_MS));
    await page.getByLabel('Ends on').fill(dateIn(48 * HOUR_MS));
    await page.getByLabel('Increments').fill('0: 5\n100: 10');
    await page.getByLabel('Highest bid').fill('500');
    await page.getByTestId('terms').getByText('No bid above $500.00 is taken.').waitFor();
    await page.getByRole('button', { name: 'Schedule auction' }).click();
    await page.getByText('This is your auction.').waitFor();
    const id = page.url().split('/').at(-1) ?? '';
    expect(await sam.auction(id)).toMatchObject({ status: 'scheduled', highestBid: 50_000 });
  });
});

/** As a date field takes it; pages have the machine's time zone. */
function dateIn(ms: number): string {
  const at = new Date(Date.now() + ms);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

test('pauses, resumes, extends and cancels from the desk, by keyboard alone', async () => {
  const tom = await stage.client('tom');
  const { id } = await auctionOf(tom, 'Oak table');
  const page = await openDesk('tom');
  const table = row(page, 'Oak table');
  await table.getByRole('button', { name: 'Pause' }).press('Enter');
  await page.getByLabel('Reason').fill('A leg is loose.');
  await page.keyboard.press('Enter');
  await table.getByText('Paused').waitFor();
  await table.getByRole('button', { name: 'Resume' }).press('Enter');
  await table.getByText('Live', { exact: true }).waitFor();

  const before = Date.parse((await tom.auction(id)).endsAt);
  await table.getByRole('button', { name: 'Extend' }).press('Enter');
  await page.getByRole('dialog').getByLabel('5 min', { exact: true }).focus();
  await page.keyboard.press('Enter');
  await table.getByText('The auction now ends').waitFor();
  expect(Date.parse((await tom.auction(id)).endsAt)).toBe(before + 300_000);

  await table.getByRole('button', { name: 'Cancel the auction' }).press('Enter');
  await page.getByRole('button', { name: 'Yes, cancel it' }).press('Enter');
  await table.getByText('Cancelled').waitFor();
  // It moves to where it belongs as soon as the archive has it.
  await page.getByText('Nothing of yours is open for bids right now.').waitFor();
  await page.getByRole('link', { name: 'Not sold' }).press('Enter');
  await row(page, 'Oak table').getByText('Cancelled').waitFor();
});

test('changing puts a new auction in the place of one without bids', async () => {
  const tim = await stage.client('tim');
  const former = await auctionOf(tim, 'Oak table', {
    reservePrice: 2_000,
    softClose: { windowSeconds: 60, extendSeconds: 90 },
  });
  const page = await openDesk('tim', DARK_PHONE);
  await row(page, 'Oak table').getByRole('link', { name: 'Change' }).click();
  await page.getByRole('heading', { name: 'Change your auction' }).waitFor();
  await poll(() => page.getByLabel('Title').inputValue()).toBe('Oak table');
  expect(await page.getByLabel('Reserve').inputValue()).toBe('20.00');
  expect(await page.getByLabel('Soft close window').inputValue()).toBe('60');
  await expectSound(page);
  await stage.shot(page, 'selling-change-phone');
  await page.getByLabel('Start price').fill('12');
  await page.getByRole('button', { name: 'Save the change' }).click();
  await page.getByText('This is your auction.').waitFor();
  const id = page.url().split('/').at(-1) ?? '';
  expect(id).not.toBe(former.id);
  expect(await tim.auction(id)).toMatchObject({ status: 'live', price: 1_200, item: former.item });
  expect((await tim.auction(former.id)).status).toBe('cancelled');
});

test('a bid before the change is saved leaves the auction as it is', async () => {
  const tia = await stage.client('tia');
  const { id } = await auctionOf(tia, 'Oak table');
  const page = await openDesk('tia');
  await row(page, 'Oak table').getByRole('link', { name: 'Change' }).click();
  await page.getByLabel('Start price').fill('12');
  await ann.bid(id, { amount: 1_000 });
  await page.getByRole('button', { name: 'Save the change' }).click();
  await page.getByText('There is a bid now.').waitFor();
  expect((await tia.auction(id)).status).toBe('live');
  const { items } = await tia.archivedAuctions({ seller: 'tia' });
  expect(items.map((auction) => auction.id)).toEqual([id]);

  // Where that is known before, the form is not offered.
  await poll(async () => (await tia.ownAuction(id)).bidCount).toBe(1);
  const late = await openDesk('tia', undefined, `/sell?change=${id}`);
  await late.getByText('Somebody has bid, so its terms cannot be changed any more.').waitFor();
  await late.getByRole('link', { name: 'Sell another one like it' }).click();
  await poll(() => late.getByLabel('Title').inputValue()).toBe('Oak table');
});

test('what was not sold is up again after one press, by the same terms', async () => {
  const ted = await stage.client('ted');
  const former = await auctionOf(ted, 'Oak table', { reservePrice: 9_000 });
  await ted.cancel(former.id);
  const page = await openDesk('ted', undefined, '/selling?list=unsold');
  await row(page, 'Oak table').getByRole('button', { name: 'Relist' }).click();
  await page.getByText('This is your auction.').waitFor();
  const id = page.url().split('/').at(-1) ?? '';
  const again = await ted.auction(id);
  expect(again).toMatchObject({ status: 'live', price: 1_000, item: former.item });
  await poll(async () => (await ted.ownAuction(id).catch(() => null))?.terms?.reservePrice).toBe(
    9_000,
  );
  const lastsMs = Date.parse(again.endsAt) - Date.parse(again.startsAt);
  expect(lastsMs).toBe(1_200_000);

  // The item has one open auction at most.
  await page.goBack();
  await row(page, 'Oak table').getByRole('button', { name: 'Relist' }).click();
  await page.getByText('The item is being sold already').waitFor();
});

test("a seller's name leads to all that the seller has on sale", async () => {
  const page = await stage.open('/', DARK_PHONE);
  const card = page.getByTestId('auction-card').filter({ hasText: 'Brass lamp' });
  await card.getByRole('link', { name: 'sam' }).click();
  await page.getByRole('button', { name: 'Sold by sam', pressed: true }).waitFor();
  await poll(async () => {
    const sellers = await page.locator('.card-seller').allTextContents();
    return [...new Set(sellers)];
  }).toEqual(['by sam']);
  await expectSound(page);
  await stage.shot(page, 'selling-lobby-phone');
  await page.getByRole('link', { name: 'Ended' }).click();
  await page.getByText('Silver spoon').waitFor();
  await page.getByRole('button', { name: 'Sold by sam' }).click();
  await poll(() => page.evaluate(() => location.search)).toBe('');
  await page.getByRole('link', { name: 'Silver spoon' }).click();
  await page.getByRole('link', { name: 'sam' }).click();
  await page.getByText('Brass lamp').waitFor();
  expect(new URL(page.url()).search).toBe('?seller=sam');
});

test('a visitor is asked to sign in, and a page that cannot be loaded says so', async () => {
  const page = await stage.open('/selling');
  await page.getByRole('button', { name: 'Sign in to sell' }).waitFor();
  await page.route('**/assets/selling-desk-*.js', (route) => route.abort());
  await signIn(page, 'sam');
  await page.getByText('This page could not be loaded').waitFor();
  await page.unroute('**/assets/selling-desk-*.js');
  await page.getByRole('button', { name: 'Load it again' }).click();
  await row(page, 'Brass lamp').waitFor();
});
