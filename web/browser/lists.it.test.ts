/** Lists of more than a page, ways back to them, and forms that are left, on the whole system. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { poll, signIn, textOf, useStage } from './testing/browser-stage.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** More than the web app once looked at, and than fit on four pages. */
const CHAIRS = 210;
const SELLERS = 7;

const stage = useStage();
let seller: OutcryClient;
let ann: OutcryClient;
/** It ends last of all, and has most bids. */
let clock: AuctionView;

const auctionOf = (
  from: OutcryClient,
  title: string,
  terms: Partial<Parameters<OutcryClient['createAuction']>[0]> = {},
): Promise<AuctionView> =>
  from.createAuction({
    item: { title },
    currency: 'USD',
    startPrice: 1_000,
    durationSeconds: 7_200,
    ...terms,
  });

beforeAll(async () => {
  [seller, ann] = await Promise.all([stage.client('sam'), stage.client('ann')]);
  for (let i = 0; i < SELLERS; i += 1) {
    const from = await stage.client(`seller-${i}`);
    const numbers = Array.from({ length: CHAIRS / SELLERS }, (_, k) => i * (CHAIRS / SELLERS) + k);
    // Each ends a second after the one before, and costs a dollar more.
    await Promise.all(
      numbers.map((number) =>
        auctionOf(from, `Chair ${number}`, {
          startPrice: 1_000 + 100 * number,
          durationSeconds: 1_800 + number,
        }),
      ),
    );
  }
  clock = await auctionOf(seller, 'Grandfather clock', { startPrice: 50_000 });
  await ann.bid(clock.id, { amount: 50_000 });
  await until('the archive knows all of them', async () => {
    return (await ann.archivedAuctions({ q: 'clock', hasBids: true })).items.length === 1;
  });
}, 180_000);

const cards = (page: Page) => page.getByTestId('auction-card');
const firstTitle = (page: Page) => textOf(cards(page).first().getByRole('heading'));
const scrolled = (page: Page) => page.evaluate(() => Math.round(scrollY));
const queryOf = (page: Page) => new URL(page.url()).searchParams.toString();

test('orders and filters reach every auction, however many there are', async () => {
  const page = await stage.open('/');
  await cards(page).first().waitFor();
  expect(await firstTitle(page)).toBe('Chair 0');
  await page.getByLabel('Order').selectOption('Most bids');
  await poll(() => firstTitle(page)).toBe('Grandfather clock');
  await page.getByLabel('Order').selectOption('Highest price');
  await poll(() => cards(page).nth(1).getByRole('heading').textContent()).toBe('Chair 209');
  await page.getByLabel('Order').selectOption('Newest');
  await poll(() => firstTitle(page)).toBe('Grandfather clock');
  await page.getByRole('button', { name: 'No bids yet' }).click();
  await poll(() => firstTitle(page)).not.toBe('Grandfather clock');
  // A search finds what ends last, and shows what ends first on top.
  await page.goto(new URL('/?q=chair', page.url()).href);
  await poll(() => firstTitle(page)).toBe('Chair 0');
});

test('pages go on to the end, and are never long', async () => {
  const page = await stage.open('/', PHONE);
  const seen: string[] = [];
  for (let number = 1; ; number += 1) {
    await poll(async () => {
      const titles = await cards(page).getByRole('heading').allTextContents();
      return titles.length > 0 && !seen.includes(titles[0] ?? '');
    }).toBe(true);
    seen.push(...(await cards(page).getByRole('heading').allTextContents()));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    expect(height).toBeLessThan(12_000);
    const next = page.getByRole('link', { name: 'Next page' });
    if ((await next.count()) === 0) break;
    await next.click();
  }
  const chairs = Array.from({ length: CHAIRS }, (_, i) => `Chair ${i}`);
  expect(seen).toEqual([...chairs, 'Grandfather clock']);
});

test('Back from a room finds search, filters, order, page and scroll again', async () => {
  const page = await stage.open('/');
  await page.getByLabel('Search titles').fill('chair');
  await page.getByRole('button', { name: 'No bids yet' }).click();
  await page.getByLabel('Order').selectOption('Lowest price');
  await poll(() => Promise.resolve(queryOf(page))).toBe('q=chair&only=no-bids&order=price_asc');
  await page.getByRole('link', { name: 'Next page' }).click();
  await poll(() => firstTitle(page)).toBe('Chair 48');
  const address = page.url();
  await cards(page).nth(40).scrollIntoViewIfNeeded();
  const y = await scrolled(page);
  expect(y).toBeGreaterThan(500);
  await cards(page).nth(40).getByRole('heading').getByRole('link').click();
  await page.getByTestId('room').waitFor();
  await poll(() => scrolled(page)).toBe(0);

  await page.goBack();
  await poll(() => scrolled(page)).toBe(y);
  expect(page.url()).toBe(address);
  expect(await firstTitle(page)).toBe('Chair 48');
  expect(await page.getByLabel('Search titles').inputValue()).toBe('chair');
  expect(await page.getByLabel('Order').inputValue()).toBe('price_asc');
  const filter = page.getByRole('button', { name: 'No bids yet' });
  expect(await filter.getAttribute('aria-pressed')).toBe('true');

  // The same after loading anew, and by the room's own way back.
  await page.reload();
  await poll(() => scrolled(page)).toBe(y);
  await page.goForward();
  await page.getByRole('link', { name: 'All auctions' }).click();
  await poll(() => firstTitle(page)).toBe('Chair 48');
  await page
    .getByRole('link', { name: 'Previous page' })
    .or(page.getByRole('link', { name: 'First page' }))
    .first()
    .click();
  await poll(() => firstTitle(page)).toBe('Chair 0');
});

const openForm = async (): Promise<Page> => {
  const page = await stage.open('/');
  await signIn(page, 'sue');
  await page.getByRole('link', { name: 'Selling', exact: true }).click();
  await page.getByRole('link', { name: 'Sell something' }).click();
  await page.getByLabel('Title').fill('A kimono');
  return page;
};

/** Answers what the page asks next. */
const answer = (page: Page, does: 'accept' | 'dismiss'): Promise<string> =>
  new Promise((resolve) => {
    page.once('dialog', (dialog) => {
      resolve(dialog.type());
      void dialog[does]();
    });
  });

describe('a sell form that is filled in', () => {
  test('is not left without asking, by a link, by Back or by loading anew', async () => {
    const page = await openForm();
    const kept = async (): Promise<void> => {
      await poll(() => Promise.resolve(new URL(page.url()).pathname)).toBe('/sell');
      expect(await page.getByLabel('Title').inputValue()).toBe('A kimono');
    };
    let asked = answer(page, 'dismiss');
    await page.getByRole('link', { name: 'Leaders' }).click();
    expect(await asked).toBe('confirm');
    await kept();
    asked = answer(page, 'dismiss');
    await page.goBack({ timeout: 500 }).catch(() => null);
    expect(await asked).toBe('confirm');
    await kept();
    asked = answer(page, 'dismiss');
    await page.evaluate(() => setTimeout(() => location.reload()));
    expect(await asked).toBe('beforeunload');
    await kept();
    asked = answer(page, 'accept');
    await page.goBack();
    expect(await asked).toBe('confirm');
    await page.getByRole('heading', { name: 'Your auctions' }).waitFor();
  });

  test('keeps what it holds when somebody else signs in, and asks nothing once it is sold', async () => {
    const page = await openForm();
    await page.getByRole('button', { name: /Signed in as/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, 'tom');
    expect(await page.getByLabel('Title').inputValue()).toBe('A kimono');
    await page.getByLabel('Start price').fill('15');
    await page.getByRole('button', { name: 'Start auction' }).click();
    await page.getByRole('heading', { name: 'A kimono' }).waitFor();
  });

  test('keeps the faults of the other fields when one is mended', async () => {
    const page = await openForm();
    await page.getByLabel('Title').fill('');
    await page.getByLabel('Reserve').fill('much');
    await page.getByRole('button', { name: 'Start auction' }).click();
    const faults = page.locator('[aria-invalid="true"]');
    await poll(() => faults.count()).toBe(3);
    await page.getByLabel('Title').fill('A fan');
    await poll(() => faults.count()).toBe(2);
    await page.getByLabel('Start price').fill('20');
    await page.getByLabel('Reserve').fill('10');
    await page.getByText('The reserve cannot be below the start price.').waitFor();
    await page.getByLabel('Reserve').fill('30');
    await poll(() => faults.count()).toBe(0);
  });
});

test('what can be bought at once says so, to visitors too, until somebody bids', async () => {
  const desk = await auctionOf(seller, 'Writing desk', { buyNowPrice: 90_000 });
  const page = await stage.open('/?q=writing');
  await poll(() => textOf(cards(page).first())).toContain('Buy now $900.00');
  await cards(page).first().getByRole('heading').getByRole('link').click();
  await page.getByTestId('buy-now-price').getByText('Buy now $900.00').waitFor();
  await ann.bid(desk.id, { amount: 1_000 });
  await page.getByTestId('buy-now-price').waitFor({ state: 'detached' });
  await page.goBack();
  await poll(() => textOf(cards(page).first())).not.toContain('Buy now');
});

test('many bids stay on a short page, and all can be turned to', async () => {
  const lamp = await auctionOf(seller, 'Lamp that all want', { startPrice: 100 });
  const bea = await stage.client('bea');
  for (let i = 0; i < 130; i += 1) {
    await (i % 2 === 0 ? ann : bea).bid(lamp.id, { amount: 10_000 * (i + 1) });
  }
  const page = await stage.open(`/auctions/${lamp.id}`, PHONE);
  const bids = page.getByTestId('bid-list').getByRole('listitem');
  await poll(() => bids.count()).toBe(6);
  await page.getByRole('button', { name: 'Show more' }).click();
  await poll(() => bids.count()).toBe(50);
  expect(await textOf(bids.first())).toContain('$13,000.00');
  await page.getByRole('button', { name: 'Older bids' }).click();
  await poll(() => textOf(bids.first())).toContain('$8,000.00');
  // What is bid meanwhile does not move the page.
  await ann.bid(lamp.id, { amount: 2_000_000 });
  await poll(() => textOf(page.getByTestId('price'))).toContain('20,000');
  expect(await textOf(bids.first())).toContain('$8,000.00');
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height).toBeLessThan(8_000);
  await page.getByRole('button', { name: 'Older bids' }).click();
  await poll(() => bids.count()).toBe(30);
  expect(await textOf(bids.last())).toContain('$100.00');
  const newer = page.getByRole('button', { name: 'Newer bids' });
  for (let i = 0; i < 3; i += 1) await newer.click();
  await newer.waitFor({ state: 'detached' });
  await poll(() => textOf(bids.first())).toContain('$20,000.00');
});

test('who watches is counted once, and only in the room', async () => {
  const vase = await auctionOf(seller, 'Vase to look at');
  const list = await stage.open('/?q=look');
  await cards(list).first().waitFor();
  const page = await stage.open(`/auctions/${vase.id}`);
  await page.getByText('1 watching').waitFor();
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await tab.getByText('1 watching').waitFor();
  await cards(list).first().getByRole('heading').getByRole('link').click();
  for (const one of [list, page, tab]) await one.getByText('2 watching').waitFor();
  await list.goBack();
  for (const one of [page, tab]) await one.getByText('1 watching').waitFor();
});

test('a tall picture is shown whole, and says what it is of', async () => {
  const page = await stage.open('/ended');
  await page.route('https://pictures.example/tall.svg', (route) =>
    route.fulfill({
      contentType: 'image/svg+xml',
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="400"><path fill="red" d="M0 0h100v400H0z"/></svg>',
    }),
  );
  await seller.createAuction({
    item: { title: 'Tall mirror', imageUrl: 'https://pictures.example/tall.svg' },
    currency: 'USD',
    startPrice: 1_000,
    durationSeconds: 7_200,
  });
  await page.goto(new URL('/?q=mirror', page.url()).href);
  const picture = page.getByRole('img', { name: 'Picture of Tall mirror' });
  await poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalHeight)).toBe(400);
  expect(await picture.evaluate((image) => getComputedStyle(image).objectFit)).toBe('contain');
  await stage.shot(page, 'tall-picture');
});

test('customers read nothing that is meant for developers', async () => {
  const page = await stage.open('/scheduled');
  await page.getByText('Nothing is coming up').waitFor();
  for (const path of ['/scheduled', '/', '/ended', '/sell', '/my-bids', '/leaders']) {
    await page.goto(new URL(path, page.url()).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const text = await textOf(page.locator('body'));
    expect(text, path).not.toMatch(/npm|terminal|Operations|API/);
  }
});
