/** The account's page: own data, signing out everywhere, deleting the account. */
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import type { OwnData } from '@outcry/shared/contracts/history.ts';
import {
  DARK_PHONE,
  overhang,
  poll,
  seriousFaults,
  signIn,
  textOf,
  useStage,
} from './testing/browser-stage.ts';

const stage = useStage();
let lamp: string;

beforeAll(async () => {
  const seller = await stage.client('sam');
  const terms = { currency: 'USD', startPrice: 1_000, durationSeconds: 3_600 };
  lamp = (await seller.createAuction({ item: { title: 'Lamp' }, ...terms })).id;
}, 180_000);

test('own data, refused and granted deletion', { timeout: 180_000 }, async () => {
  const ann = await stage.client('ann');
  await ann.bid(lamp, { maxAmount: 2_000 });
  await poll(async () => (await ann.userStats()).bids).toBe(1);
  const page = await stage.open('/');
  await signIn(page, 'ann');
  await page.getByRole('button', { name: /Signed in as/ }).click();
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await stage.shot(page, 'account');

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download my data' }).click();
  const data = JSON.parse(await readFile(await (await saving).path(), 'utf8')) as OwnData;
  expect([data.userId, data.bids.map(({ auctionId }) => auctionId)]).toEqual(['ann', [lamp]]);

  const savingBids = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download my bids as CSV' }).click();
  const bids = await savingBids;
  expect(bids.suggestedFilename()).toBe('outcry-my-bids.csv');
  expect(await readFile(await bids.path(), 'utf8')).toMatch(
    /,"Lamp",.*,10\.00,20\.00,true,"USD",true\r\n$/,
  );
  await page.getByRole('button', { name: 'Download my sales as CSV' }).waitFor();

  const room = await stage.open(`/auctions/${lamp}`, DARK_PHONE);
  const savingAll = room.waitForEvent('download');
  await room.getByRole('button', { name: 'Download all bids as CSV' }).click();
  expect(await readFile(await (await savingAll).path(), 'utf8')).toMatch(
    /,1,10\.00,"USD",false\r\n$/,
  );
  expect([await seriousFaults(room), await overhang(room)]).toEqual([[], 0]);
  await room.getByRole('button', { name: 'Download all bids as CSV' }).scrollIntoViewIfNeeded();
  await stage.shot(room, 'report-room-phone');
  await room.close();

  const said = page.getByTestId('account-said');
  const confirm = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByRole('button', { name: 'Yes, delete it' }).click();
  };
  await confirm();
  await poll(() => textOf(said)).toContain('auctions that are still open');
  await (await stage.client('ben')).bid(lamp, { maxAmount: 9_000 });
  await poll(async () => (await ann.archivedAuction(lamp)).bidCount).toBe(2);
  await confirm();
  await poll(() => textOf(said)).toBe('Your account is being deleted.');
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().waitFor();
});

test('other devices are signed out and told', { timeout: 180_000 }, async () => {
  const [phone, laptop] = [await stage.open('/account', DARK_PHONE), await stage.open('/')];
  await phone.getByText('Sign in to see your account').waitFor();
  for (const page of [phone, laptop]) await signIn(page, 'cleo');
  await phone.getByRole('button', { name: 'Sign out everywhere' }).waitFor();
  expect([await seriousFaults(phone), await overhang(phone)]).toEqual([[], 0]);
  await stage.shot(phone, 'account-phone');
  await phone.getByRole('button', { name: 'Sign out everywhere' }).click();
  await poll(() => textOf(phone.getByTestId('account-said'))).toContain('on all devices');
  await poll(() => textOf(laptop.getByTestId('sign-in-trouble'))).toContain(
    'You have signed out everywhere.',
  );
  await laptop.getByRole('button', { name: 'Sign in', exact: true }).first().waitFor();
});
