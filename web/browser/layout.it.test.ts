/** What a finger wants stays where it is and in reach, on a phone held either way. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { LIMIT_MS, overhang, poll, signIn, textOf, useStage } from './testing/browser-stage.ts';
import { COUNT_SHIFTS, isInReach, layoutShifts, placeOf } from './testing/layout.ts';

/** Above it, people notice (web.dev/cls calls 0.1 good). */
const MAX_SHIFT = 0.05;
/** Answers come one by one, in frames of their own: what each of them moves is seen. */
const SLOW_MS = [150, 450, 300] as const;
/** Fourteen pages, each of which is waited for. */
const TOUR_MS = 120_000;
/** What a phone's keyboard leaves of the height. */
const KEYBOARD_LEAVES = { upright: 508, across: 190 };

/** Gives the page the visual viewport of a browser whose keyboard does not shrink the page. */
const OVERLAID = `
  const seen = Object.assign(new EventTarget(), { height: innerHeight, offsetTop: 0, scale: 1 });
  Object.defineProperty(globalThis, 'visualViewport', { value: seen });`;

let calls = 0;
const stage = useStage();
let seller: OutcryClient;

const auctionOf = async (
  title: string,
  terms: Partial<Parameters<OutcryClient['createAuction']>[0]> = {},
): Promise<{ id: string; path: string }> => {
  const { id } = await seller.createAuction({
    item: { title, description: 'Hardly used.\n\n'.repeat(8) },
    currency: 'USD',
    startPrice: 9_900,
    durationSeconds: 600,
    softClose: { windowSeconds: 900, extendSeconds: 900 },
    ...terms,
  });
  return { id, path: `/auctions/${id}` };
};

beforeAll(async () => {
  seller = await stage.client('sam');
  const [ann, bob] = await Promise.all([stage.client('ann'), stage.client('bob')]);
  const sold = await auctionOf('Silver spoon', { buyNowPrice: 2_500, startPrice: 1_000 });
  await ann.buyNow(sold.id);
  for (const title of ['Brass lamp', 'Oak table with a drawer and four chairs', 'Kettle']) {
    const { id } = await auctionOf(title);
    await ann.bid(id, { maxAmount: 20_000 });
    await bob.bid(id, { maxAmount: 30_000 });
  }
  const terms = { currency: 'USD', startPrice: 9_900, durationSeconds: 3_600 };
  await ann.createAuction({ item: { title: 'A mirror' }, ...terms, reservePrice: 20_000 });
  await auctionOf('Coming kimono', { startsAt: new Date(Date.now() + 3_600_000).toISOString() });
}, 180_000);

const phone = (width: number, height: number): BrowserContextOptions => ({
  viewport: { width, height },
  hasTouch: true,
  isMobile: true,
});

describe.each([
  ['upright', phone(390, 844)],
  ['across', phone(844, 390)],
] as const)('a phone held %s', (held, options) => {
  const shot = (page: Page, name: string): Promise<void> => stage.shot(page, `${held}-${name}`);

  test('no page moves by itself while it loads', { timeout: TOUR_MS }, async () => {
    const first = await stage.open('/', options);
    await signIn(first, 'ann');
    const context = first.context();
    await context.addInitScript(COUNT_SHIFTS);
    await context.route('**/v1/**', async (route) => {
      await sleep(route.request().url().includes('/v1/config') ? 100 : SLOW_MS[calls++ % 3]);
      await route.continue();
    });
    const look = async (path: string, ready: string): Promise<void> => {
      const page = await context.newPage();
      page.setDefaultTimeout(LIMIT_MS);
      await page.goto(new URL(path, first.url()).href);
      await page.getByRole('main').getByText(ready).first().waitFor();
      await page.waitForLoadState('networkidle');
      const { sum, moved } = await layoutShifts(page);
      await shot(page, path.slice(1).replaceAll('/', '-') || 'lobby');
      expect(sum, `${path}: ${moved.join('\n')}`).toBeLessThan(MAX_SHIFT);
      expect(await overhang(page), path).toBeLessThanOrEqual(0);
      await page.close();
    };
    await look('/', 'Brass lamp');
    await look('/scheduled', 'Coming kimono');
    await look('/ended', 'Silver spoon');
    await look('/my-bids', 'Silver spoon');
    await look('/sell', 'Preview');
    await look('/selling', 'A mirror');
    await look('/selling?list=sold', 'Nothing is sold yet');
    await look('/?seller=sam', 'Brass lamp');
    await look('/leaders', 'Your figures');
    await look('/nowhere', 'Nothing is here');
    for (const status of ['live', 'scheduled', 'ended'] as const) {
      const { items } = await seller.auctions({ status });
      const [auction] = items;
      await look(`/auctions/${auction?.id}`, auction?.item.title ?? '');
    }
  });

  test('price, time and button stay in place and in reach, whatever others do', async () => {
    const { id, path } = await auctionOf('Leica camera');
    const page = await stage.open(path, options, COUNT_SHIFTS);
    await signIn(page, 'kim');
    const form = page.getByRole('form', { name: 'Place a bid' });
    const watched = {
      price: page.getByTestId('price'),
      countdown: page.getByTestId('countdown'),
      field: form.getByRole('textbox'),
      button: form.getByRole('button', { name: /^Place bid/ }),
      mode: form.getByText('Exact bid'),
    };
    const inReach = [watched.price, watched.countdown, watched.field, watched.button];
    const expectInReach = async (when: string): Promise<void> => {
      const reached = await Promise.all(inReach.map(isInReach));
      expect(reached, when).toEqual([true, true, true, true]);
    };
    const places = async (): Promise<Record<string, string>> => {
      const found = Object.entries(watched).map(async ([name, it]) => [name, await placeOf(it)]);
      return Object.fromEntries(await Promise.all(found)) as Record<string, string>;
    };
    await watched.button.waitFor();
    await page.waitForLoadState('networkidle');
    await expectInReach('at first');
    await shot(page, 'room-no-bids');
    const before = await places();

    const second = await stage.open(path, options);
    await second.getByTestId('room').waitFor();
    await page.getByText('2 watching').waitFor();
    expect(await places(), 'somebody watches').toEqual(before);

    const rob = await stage.client('rob');
    await rob.bid(id, { maxAmount: 10_500 });
    await page.getByTestId('leader').getByText('Bidder 1 leads').waitFor();
    expect(await places(), 'another bids').toEqual(before);
    await poll(() => page.getByTestId('extension').count()).toBe(1);
    expect(await places(), 'the end moves').toEqual(before);

    await watched.field.fill('120');
    await watched.button.tap();
    await page.getByTestId('leader').getByText('You lead').waitFor();
    expect(await places(), 'leading').toEqual(before);
    await shot(page, 'room-leading');
    await rob.bid(id, { maxAmount: 150_000_00 });
    await page.getByTestId('stake').getByText('You were outbid').waitFor();
    expect(await places(), 'outbid').toEqual(before);
    await shot(page, 'room-outbid');
    await (await stage.client('sid')).bid(id, { amount: 120_000_00 });
    await poll(() => textOf(watched.price)).toContain('120,100');
    expect(await places(), 'a price of many digits').toEqual(before);

    const { sum, moved } = await layoutShifts(page);
    expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);

    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await expectInReach('at the end of the page');
    await shot(page, 'room-end');
  });

  test('with the keyboard open, price, time, field and button are all to be seen', async () => {
    const { path } = await auctionOf('Gold ring');
    const page = await stage.open(path, options);
    await signIn(page, 'kim');
    const form = page.getByRole('form', { name: 'Place a bid' });
    const field = form.getByRole('textbox');
    await field.tap();
    const viewport = page.viewportSize() ?? { width: 0 };
    // As a browser does that lets the keyboard shrink the page, which the page asks for.
    const meta = page.locator('meta[name=viewport]');
    expect(await meta.getAttribute('content')).toContain('interactive-widget=resizes-content');
    await page.setViewportSize({ width: viewport.width, height: KEYBOARD_LEAVES[held] });
    const button = form.getByRole('button', { name: /^Place bid/ });
    const all = [page.getByTestId('price'), page.getByTestId('countdown'), field, button];
    await poll(() => Promise.all(all.map(isInReach))).toEqual([true, true, true, true]);
    await shot(page, 'room-keyboard');
  });

  test('where the keyboard lies over the page, the bar stands above it', async () => {
    const { path } = await auctionOf('Silver ring');
    const page = await stage.open(path, options, OVERLAID);
    await signIn(page, 'kim');
    const form = page.getByRole('form', { name: 'Place a bid' });
    await form.getByRole('textbox').tap();
    const height = KEYBOARD_LEAVES[held];
    await page.evaluate((seen) => {
      Object.assign(visualViewport ?? {}, { height: seen });
      visualViewport?.dispatchEvent(new Event('resize'));
    }, height);
    const button = form.getByRole('button', { name: /^Place bid/ });
    const all = [page.getByTestId('price'), page.getByTestId('countdown'), button];
    await poll(async () => {
      const bottoms = all.map((it) => it.evaluate((e) => e.getBoundingClientRect().bottom));
      return Math.max(...(await Promise.all(bottoms))) <= height;
    }).toBe(true);
  });
});
