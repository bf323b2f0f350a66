/** The bell: what it tells is kept until it is read, and two devices of one user agree. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { overhang, poll, seriousFaults, signIn, useStage } from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts, placeOf } from './testing/layout.ts';

/** "Two devices agree within 2 s." */
const AGREED_WITHIN_MS = 2_000;
const PHONE = {
  viewport: { width: 390, height: 844 },
  colorScheme: 'dark',
  hasTouch: true,
  isMobile: true,
} as const;

const stage = useStage();
let seller: OutcryClient;
let lamp: string;
let vase: string;

const auctionOf = async (title: string, durationSeconds: number): Promise<string> => {
  const terms = { currency: 'EUR', startPrice: 1_000, durationSeconds, softClose: null };
  return (await seller.createAuction({ item: { title }, ...terms })).id;
};

beforeAll(async () => {
  seller = await stage.client('sam');
  lamp = await auctionOf('Brass lamp', 1_200);
  vase = await auctionOf('Ming vase', 1_200);
}, 180_000);

const bell = (page: Page, unread: number) =>
  page.getByRole('button', {
    name: unread === 0 ? 'Notices' : `Notices, ${unread} new`,
    exact: true,
  });
const list = (page: Page) => page.getByRole('region', { name: 'Notices' });

test('is the same on two devices, after a reload, and in the title of the tab', async () => {
  const ann = await stage.client('ann');
  await ann.bid(lamp, { maxAmount: 2_000 });
  const [phone, desktop] = [await stage.open('/', PHONE), await stage.open('/')];
  for (const page of [phone, desktop]) {
    await signIn(page, 'ann');
    await bell(page, 0).waitFor();
  }
  await (await stage.client('bea')).bid(lamp, { maxAmount: 9_000 });
  for (const page of [phone, desktop]) {
    await bell(page, 1).waitFor({ timeout: AGREED_WITHIN_MS });
    await poll(() => page.title()).toBe('(1) \u2068Live auctions\u2069 · Outcry');
  }
  await poll(async () => (await ann.notices()).items.length).toBe(1);
  for (const page of [phone, desktop]) {
    await page.reload();
    await bell(page, 1).waitFor();
  }

  // By keyboard, and then it is read on the other device too.
  await bell(desktop, 1).focus();
  await desktop.keyboard.press('Enter');
  await list(desktop).getByText('You were outbid').waitFor();
  expect(await seriousFaults(desktop)).toEqual([]);
  await stage.shot(desktop, 'bell-desktop-light');
  await desktop.keyboard.press('Escape');
  await bell(phone, 0).waitFor({ timeout: AGREED_WITHIN_MS });
  await poll(() => phone.title()).toBe('\u2068Live auctions\u2069 · Outcry');

  // Read ones stay in the list, and are read after a reload as well.
  await phone.reload();
  await bell(phone, 0).click();
  await list(phone).getByText('You were outbid').waitFor();
  expect([await seriousFaults(phone), await overhang(phone)]).toEqual([[], 0]);
  await stage.shot(phone, 'bell-phone-dark');
});

test('a room that is looked at has read what is told of it, on all devices', async () => {
  const cat = await stage.client('cat');
  await cat.bid(vase, { maxAmount: 2_000 });
  const [phone, desktop] = [await stage.open('/', PHONE), await stage.open('/')];
  for (const page of [phone, desktop]) await signIn(page, 'cat');
  await (await stage.client('bea')).bid(vase, { maxAmount: 9_000 });
  for (const page of [phone, desktop]) await bell(page, 1).waitFor();
  await poll(async () => (await cat.notices()).items.length).toBe(1);
  await phone.getByRole('link', { name: 'Ming vase' }).first().click();
  await phone.getByTestId('room').waitFor();
  for (const page of [phone, desktop]) await bell(page, 0).waitFor({ timeout: AGREED_WITHIN_MS });
});

test('says five minutes before that a saved auction ends, on both devices', async () => {
  const light = { ...PHONE, colorScheme: 'light' } as const;
  const dark = { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' } as const;
  const dan = await stage.client('dan');
  const soon = await auctionOf('Copper kettle', 320);
  await dan.saveAuction(soon);
  const phone = await stage.open('/', light, COUNT_SHIFTS);
  const desktop = await stage.open('/my-bids', dark, COUNT_SHIFTS);
  for (const page of [phone, desktop]) {
    await signIn(page, 'dan');
    await bell(page, 0).waitFor();
  }
  await poll(async () => (await dan.watchlist()).items.length).toBe(1);
  await bell(phone, 1).waitFor({ timeout: 40_000 });
  await bell(desktop, 1).waitFor({ timeout: AGREED_WITHIN_MS });
  for (const page of [phone, desktop]) {
    await page.getByRole('status').getByText('Ends in 5 minutes').waitFor();
    expect((await layoutShifts(page)).sum).toBeLessThan(0.05);
    await bell(page, 1).click();
    await list(page).getByText('Copper kettle').waitFor();
    expect(await seriousFaults(page)).toEqual([]);
  }
  await stage.shot(phone, 'bell-phone-light');
  await stage.shot(desktop, 'bell-desktop-dark');
}, 120_000);

test.each([
  ['phone', PHONE],
  ['desktop', undefined],
] as const)('on a %s, news that goes moves no other under a finger', async (name, options) => {
  const [eve, bea] = await Promise.all([stage.client('eve'), stage.client('bea')]);
  const page = await stage.open('/', options);
  await signIn(page, 'eve');
  const toast = (title: string) => page.locator('.toast', { hasText: title });
  const [red, blue] = [`Red door, ${name}`, `Blue door, ${name}`];
  for (const title of [red, blue]) {
    const id = await auctionOf(title, 1_200);
    // News that arrives before the page has subscribed shows no toast.
    for (let nth = 1; nth <= 5 && !(await toast(title).isVisible()); nth += 1) {
      await eve.bid(id, { maxAmount: nth * 2_000 });
      await bea.bid(id, { maxAmount: nth * 2_000 + 1_000 });
      await toast(title)
        .waitFor({ timeout: 3_000 })
        .catch(() => undefined);
    }
    await toast(title).waitFor();
  }
  const place = await placeOf(toast(blue));
  await toast(red).getByRole('button', { name: 'Dismiss' }).click();
  await toast(red).waitFor({ state: 'detached' });
  expect(await placeOf(toast(blue))).toBe(place);
});

test('another user on the same device is told nothing of it', async () => {
  const page = await stage.open('/');
  await signIn(page, 'emil');
  await bell(page, 0).click();
  await list(page).getByText('You will be told here').waitFor();
});
