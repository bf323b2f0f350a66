/** Every page but the auction room, on the whole system: what it is for, phone, dark, axe. */
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import {
  DARK_PHONE,
  overhang,
  poll,
  seriousFaults,
  signIn,
  textOf,
  useStage,
} from './testing/browser-stage.ts';

const DIST = new URL('../dist/', import.meta.url);

const stage = useStage();
let seller: OutcryClient;
let ann: OutcryClient;
let lamp: AuctionView;
let kettle: AuctionView;

const auctionOf = (
  title: string,
  terms: Partial<Parameters<OutcryClient['createAuction']>[0]> = {},
): Promise<AuctionView> =>
  seller.createAuction({
    item: { title },
    currency: 'USD',
    startPrice: 1_000,
    durationSeconds: 1_200,
    ...terms,
  });

beforeAll(async () => {
  [seller, ann] = await Promise.all([stage.client('sam'), stage.client('ann')]);
  lamp = await auctionOf('Brass lamp with a green shade');
  kettle = await auctionOf('Copper kettle', { durationSeconds: 120, buyNowPrice: 9_000 });
  // The leaderboard counts auctions that are over by twenties.
  const cancelled = await Promise.all(Array.from({ length: 19 }, () => auctionOf('Odd glove')));
  await Promise.all(cancelled.map(({ id }) => seller.cancel(id)));
  const sold = await auctionOf('Silver spoon', { buyNowPrice: 2_500 });
  await ann.buyNow(sold.id);
  await ann.bid(lamp.id, { maxAmount: 3_000 });
}, 180_000);

test('what every page loads is under 75 kB compressed, and what some load later under 25 kB each', async () => {
  const files = await readdir(new URL('assets/', DIST));
  const scripts = files.filter((name) => name.endsWith('.js'));
  const index = await readFile(new URL('index.html', DIST), 'utf8');
  const first = scripts.filter((name) => index.includes(name));
  expect(first).not.toEqual([]);
  let bytes = 0;
  for (const name of scripts) {
    const { length } = gzipSync(await readFile(new URL(`assets/${name}`, DIST)));
    if (first.includes(name)) bytes += length;
    else expect(length).toBeLessThan(25_000);
  }
  expect(bytes).toBeLessThan(75_000);
});

const cards = (page: Page) => page.getByTestId('auction-card');

describe('lobby', () => {
  test('shows live prices, searches titles, filters and orders', async () => {
    const page = await stage.open('/');
    await cards(page).first().waitFor();
    expect(await cards(page).first().getAttribute('data-auction-id')).toBe(kettle.id);

    const price = page.locator(`[data-auction-id="${lamp.id}"]`).getByTestId('card-price');
    await (await stage.client('bea')).bid(lamp.id, { amount: 2_000 });
    await poll(() => textOf(price)).toContain('20.50');

    await page.getByLabel('Order').selectOption('Most bids');
    await poll(() => cards(page).first().getAttribute('data-auction-id')).toBe(lamp.id);
    await page.getByRole('button', { name: 'Buy now' }).click();
    await poll(() => cards(page).count()).toBe(1);
    await page.getByRole('button', { name: 'Buy now' }).click();

    await page.getByLabel('Search titles').fill('gree bra');
    await poll(() => cards(page).count()).toBe(1);
    await page.getByLabel('Search titles').fill('nothing like it');
    await page.getByText('No title has words that begin like').waitFor();
  });

  test('shows what is paused at the end of the live list, also where it is narrowed', async () => {
    const clock = await auctionOf('Cuckoo clock', { durationSeconds: 60 });
    await seller.pause(clock.id, 'A leg is loose.');
    const page = await stage.open('/');
    const card = page.locator(`[data-auction-id="${clock.id}"]`);
    await card.getByText('paused', { exact: true }).waitFor();
    expect(await cards(page).last().getAttribute('data-auction-id')).toBe(clock.id);
    await page.getByLabel('Search titles').fill('cuckoo');
    await poll(() => cards(page).count()).toBe(1);
    await card.getByText('paused', { exact: true }).waitFor();
    await seller.resume(clock.id);
    await poll(() => card.getByText('paused', { exact: true }).count()).toBe(0);
    await seller.cancel(clock.id);
  });

  test('keeps what ended', async () => {
    const page = await stage.open('/ended');
    await page.getByText('Silver spoon').waitFor();
    expect(await textOf(cards(page).first())).toContain('Sold for');
  });
});

test('my bids: leading and won, outbid as it happens, with a notice that stays', async () => {
  const page = await stage.open('/my-bids');
  await page.getByText('sign in to see them').waitFor();
  await signIn(page, 'ann');
  const rows = page.getByTestId('stake-row');
  await poll(() => rows.count()).toBe(2);
  const lampRow = page.locator(`[data-auction-id="${lamp.id}"]`);
  await lampRow.getByText('Leading').waitFor();
  await rows.getByText('Won', { exact: true }).waitFor();

  await (await stage.client('bea')).bid(lamp.id, { maxAmount: 5_000 });
  await lampRow.getByText('Outbid').waitFor();
  expect(await textOf(lampRow)).toContain('or more puts you back in');
  await page.getByRole('button', { name: 'Notices, 2 new' }).click();
  await page.getByRole('region', { name: 'Notices' }).getByText('Brass lamp').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Notices', exact: true }).waitFor();

  await page.getByRole('button', { name: 'Won 1' }).click();
  await poll(() => rows.count()).toBe(1);
  await page.getByRole('button', { name: 'Won 1' }).click();
});

test('a click beside a dialog closes it, a mouse that marks text in it and leaves it does not', async () => {
  const page = await stage.open('/');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your name').fill('a long name');
  await dialog.getByLabel('Your name').hover();
  await page.mouse.down();
  await page.mouse.move(5, 500);
  await page.mouse.up();
  expect(await dialog.isVisible()).toBe(true);
  await page.mouse.click(5, 500);
  await dialog.waitFor({ state: 'hidden' });
});

test('sell: shows what it will become, names mistakes at their fields, and opens the room', async () => {
  const page = await stage.open('/sell');
  await signIn(page, 'sue');
  await page.getByRole('button', { name: 'Start auction' }).click();
  await page.getByText('Give it a title.').waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe(
    'true',
  );
  await page.getByLabel('Title').fill('Kimono');
  await page.getByLabel('Start price').fill('1500');
  await page.getByLabel('Reserve').fill('900');
  await page.getByRole('button', { name: 'Start auction' }).click();
  await page.getByText('The reserve cannot be below the start price.').waitFor();
  await page.getByLabel('Reserve').fill('2000');
  await page.getByTestId('terms').getByText('only if somebody bids $2,000.00').waitFor();
  await page.getByRole('button', { name: 'Start auction' }).click();
  await page.getByRole('heading', { name: 'Kimono' }).waitFor();
  await page.getByText('This is your auction.').waitFor();
});

test('leaders: ranks, own figures, and a chosen name', async () => {
  const page = await stage.open('/leaders');
  await page.getByTestId('leaderboard').getByText('$20.00').waitFor();
  await signIn(page, 'ann');
  await poll(() => textOf(page.getByTestId('own-stats'))).toContain('$25.00 spent');
  await page.getByLabel('Name on the leaderboard').last().fill('Annie the Great');
  await page.getByRole('button', { name: 'Set name' }).click();
  const row = page.getByTestId('leaderboard').getByRole('row', { name: /Annie the Great/ });
  await row.getByText('you').waitFor();
  await page.getByRole('button', { name: 'Bids', exact: true }).click();
  await page.getByRole('columnheader', { name: 'Bids' }).waitFor();
});

/** Changes the page as the browser's back and forward do, which loads nothing anew. */
const goWithin = (page: Page, path: string): Promise<void> =>
  page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);

describe.each([
  ['desktop', undefined],
  ['phone, dark', DARK_PHONE],
] as const)('on a %s', (name, options) => {
  test('no page is wider than the window, and axe finds nothing serious', async () => {
    const page = await stage.open('/', options);
    await signIn(page, 'ann');
    const look = async (path: string, ready: string): Promise<void> => {
      await goWithin(page, path);
      await page.getByRole('main').getByText(ready).first().waitFor();
      expect(await seriousFaults(page), path).toEqual([]);
      expect(await overhang(page), path).toBeLessThanOrEqual(0);
      await stage.shot(page, `${path.slice(1) || 'lobby'} ${name}`.replaceAll(/\W+/g, '-'));
    };
    await look('/', 'Brass lamp');
    await look('/scheduled', 'Nothing is coming up');
    await look('/ended', 'Silver spoon');
    await look('/my-bids', 'Silver spoon');
    await look('/sell', 'Preview');
    await look('/leaders', '$20.00');
    await look('/nowhere', 'Nothing is here');

    const longName = await stage.open('/', options);
    await signIn(longName, 'a-name-as-long-as-names-can-be-'.repeat(2));
    expect(await overhang(longName)).toBeLessThanOrEqual(0);
  });
});
