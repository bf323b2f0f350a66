/** Saved auctions: on every device at once, by keyboard, on a phone and a desktop, dark and light. */
import { beforeAll, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import {
  overhang,
  poll,
  seriousFaults,
  signIn,
  textOf,
  useStage,
} from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts } from './testing/layout.ts';

/** "Two devices agree within 2 s." */
const AGREED_WITHIN_MS = 2_000;
const MAX_SHIFT = 0.05;
const PHONE = {
  viewport: { width: 390, height: 844 },
  colorScheme: 'dark',
  hasTouch: true,
  isMobile: true,
} as const;
const LOOKS = [
  ['phone-dark', PHONE],
  ['phone-light', { ...PHONE, colorScheme: 'light' }],
  ['desktop-dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['desktop-light', { viewport: { width: 1280, height: 900 }, colorScheme: 'light' }],
  ['tablet', { viewport: { width: 641, height: 900 }, colorScheme: 'light' }],
] as const;

const stage = useStage();
let seller: OutcryClient;
let lamp: string;

const auctionOf = async (title: string, durationSeconds: number): Promise<string> => {
  const terms = { currency: 'EUR', startPrice: 1_000, durationSeconds };
  return (await seller.createAuction({ item: { title }, ...terms })).id;
};

beforeAll(async () => {
  seller = await stage.client('sam');
  lamp = await auctionOf('Brass lamp with a green shade', 1_200);
  const dora = await stage.client('dora');
  const others = ['Copper kettle', 'A very long title of a thing that goes on and on', 'Vase'];
  for (const [i, title] of others.entries()) {
    await dora.saveAuction(await auctionOf(title, 600 + 100 * i));
  }
  await dora.saveAuction(lamp);
}, 180_000);

test('what is saved on a phone is on the desktop at once, and can be taken out there', async () => {
  const phone = await stage.open(`/auctions/${lamp}`, PHONE);
  const desktop = await stage.open('/saved');
  await desktop.getByText('the same on all your devices').waitFor();
  await phone.getByRole('button', { name: 'Save Brass lamp with a green shade' }).click();
  await phone.getByRole('dialog').getByText('Sign in to save auctions').waitFor();
  await phone.keyboard.press('Escape');
  for (const page of [phone, desktop]) await signIn(page, 'ann');
  await desktop.getByText('Nothing saved yet').waitFor();

  const save = phone.getByRole('button', { name: /^Save Brass/ });
  await save.focus();
  await phone.keyboard.press('Enter');
  const cards = desktop.getByTestId('saved-list').getByTestId('auction-card');
  await poll(() => cards.count(), AGREED_WITHIN_MS).toBe(1);
  const saved = phone.getByRole('button', { name: /^Saved \(take Brass/ });
  await saved.waitFor();

  await (await stage.client('bea')).bid(lamp, { amount: 2_000 });
  await poll(() => textOf(cards.first().getByTestId('card-price'))).toContain('20.00');

  await desktop.getByRole('button', { name: /^Saved \(take Brass/ }).click();
  await poll(() => save.count(), AGREED_WITHIN_MS).toBe(1);
  await desktop.getByText('Nothing saved yet').waitFor();
});

test('another user on the same device sees an own list', async () => {
  await (await stage.client('bea')).saveAuction(lamp);
  const page = await stage.open('/saved');
  await signIn(page, 'bea');
  await page.getByTestId('auction-card').waitFor();
  await page.getByRole('button', { name: /Signed in as/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('the same on all your devices').waitFor();
  await signIn(page, 'cleo');
  await page.getByText('Nothing saved yet').waitFor();
});

test.each(LOOKS)('the page, %s', async (name, look) => {
  const page = await stage.open('/saved', look, COUNT_SHIFTS);
  await signIn(page, 'dora');
  await page.getByTestId('auction-card').first().waitFor();
  // From the start, as who is signed in already sees it.
  await page.reload();
  await page.getByTestId('auction-card').first().waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  expect(await overhang(page)).toBeLessThanOrEqual(0);
  const shifts = await layoutShifts(page);
  expect(shifts.sum, shifts.moved.join('\n')).toBeLessThan(MAX_SHIFT);
  await stage.shot(page, `saved-${name}`);

  await page.goto(`${stage.system.urls['web']}/auctions/${lamp}`);
  await page.getByRole('button', { name: /^Saved \(take Brass/ }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  const inRoom = await layoutShifts(page);
  expect(inRoom.sum, inRoom.moved.join('\n')).toBeLessThan(MAX_SHIFT);
  await stage.shot(page, `saved-room-${name}`);
});
