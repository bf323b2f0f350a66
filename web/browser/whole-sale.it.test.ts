/**
 * A sale of 40 lots by 30 bidders, from the form to its results: the seller and two bidders at desks and
 * one with a phone use the pages, the others come over HTTP.
 */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { SaleClient } from '@outcry/client/sale-client.ts';
import type { LotPlace, LotResult } from '@outcry/shared/contracts/sales.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  DARK_PHONE,
  overhang,
  poll,
  seriousFaults,
  signIn,
  textOf,
  useStage,
} from './testing/browser-stage.ts';
import { COUNT_SHIFTS, layoutShifts } from './testing/layout.ts';

const LOTS = 40;
const BIDDERS = 30;
/** They use pages; the others do not. */
const IN_BROWSERS = ['ann', 'bob', 'cat'] as const;
const MAX_SHIFT = 0.05;
const TEST_MS = 420_000;
const SALE_MS = 240_000;
/** Long enough for its lots to be added; then a pause holds it until everybody is there. */
const FIRST_LOT_MS = 45_000;
const REASON = 'The bidders take their seats. Bidding goes on as soon as everybody has a paddle.';

const stage = useStage();

const dollars = (cents: number): string =>
  `$${(cents / 100).toLocaleString('en-US', { minimumFractionDigits: 2 })}`;

/** A moment as a field for dates wants it; the browser's time zone is the machine's. */
function fieldTime(atMs: number): string {
  const at = new Date(atMs);
  return new Date(atMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** From $10.50 on; the last but one is not sold for less than its reserve, the last too dear for all. */
const startPriceOf = (lot: number): number => (lot === LOTS ? 900_000 : 1_000 + lot * 50);
const LIST = [
  'title,startPrice,reservePrice',
  ...Array.from({ length: LOTS }, (_, i) => {
    const reserve = i + 1 === LOTS - 1 ? '8000.00' : '';
    return `Clock number ${i + 1},${(startPriceOf(i + 1) / 100).toFixed(2)},${reserve}`;
  }),
].join('\n');

/** What a bidder may owe: of those at no page some come to feel it. */
const limitOf = (paddle: number): number =>
  (paddle <= IN_BROWSERS.length ? 25_000 : 11_000) + paddle * 100;

interface Bidder {
  readonly paddle: number;
  readonly client: OutcryClient;
  readonly sales: SaleClient;
}

async function bidder(paddle: number): Promise<Bidder> {
  const userId = `guest-${paddle}`;
  return { paddle, client: await stage.client(userId), sales: await stage.sales(userId) };
}

const shiftedBefore = new WeakMap<Page, number>();

/** Looks at a page in both colours, and at how far it has moved by itself since the last look. */
async function look(page: Page, name: string): Promise<void> {
  const { sum, moved } = await layoutShifts(page);
  const before = shiftedBefore.get(page) ?? 0;
  shiftedBefore.set(page, sum);
  expect(sum - before, `${name}: ${moved.join('\n')}`).toBeLessThan(MAX_SHIFT);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFaults(page), `${name}, ${colorScheme}`).toEqual([]);
    await stage.shot(page, `whole-sale-${name}-${colorScheme}`);
  }
  expect(await overhang(page), name).toBeLessThanOrEqual(0);
}

const REFUSALS = new Set(['BID_TOO_LOW', 'MAX_NOT_RAISED', 'OVER_LIMIT', 'AUCTION_ENDED']);

/** How often what was answered. */
type Answers = Map<string, number>;

/** Bids a maximum on each lot, in their order; what the lot or the limit does not allow is refused. */
async function bidOnAll(
  { client, paddle }: Bidder,
  lots: readonly LotPlace[],
  rise: number,
  answers: Answers,
): Promise<void> {
  for (const { lot, auctionId } of lots.slice(0, -1)) {
    const above = 1 + rise * (((paddle * 7 + lot * 13) % 29) / 29);
    const maxAmount = Math.round(startPriceOf(lot) * above);
    const answer = await client.bid(auctionId, { maxAmount }).then(
      ({ result }) => result,
      (error: unknown) => {
        if (error instanceof OutcryError && REFUSALS.has(error.code)) return error.code;
        throw error;
      },
    );
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
}

async function bidOnPage(page: Page, amount: number): Promise<void> {
  const form = page.getByRole('form', { name: 'Place a bid' });
  await form.getByLabel('Your maximum bid').fill((amount / 100).toFixed(2));
  await form.getByRole('button', { name: 'Place bid' }).click();
}

async function approve(seller: Page, paddle: number): Promise<void> {
  const name = { exact: true, name: `Approve paddle ${paddle}` };
  await seller
    .getByLabel(`Limit of paddle ${paddle}`, { exact: true })
    .fill((limitOf(paddle) / 100).toFixed(2));
  await seller.getByRole('button', name).click();
  await seller.getByRole('button', { ...name, name: `Block paddle ${paddle}` }).waitFor();
}

/** A row of the results as the page has it. */
function rowOf({ lot, title, outcome, paddle, price }: LotResult, own?: number): string[] {
  const words = { sold: `Sold for ${dollars(price ?? 0)}`, reserve_not_met: 'Not sold' };
  const outcomeText =
    outcome === 'sold' || outcome === 'reserve_not_met' ? words[outcome] : 'No bids';
  return [`${lot} ${title}`, outcomeText, `${paddle ?? '–'}${paddle === own ? ' you' : ''}`];
}

const rowsOf = async (page: Page): Promise<string[][]> => {
  const rows = await page.getByTestId('results').locator('tbody tr').all();
  const cells = rows.map((row) => row.locator('th, td').allTextContents());
  return (await Promise.all(cells)).map((texts) => texts.map((text) => text.trim()));
};

test('40 lots, 30 bidders, from the form to the results', { timeout: TEST_MS }, async () => {
  const house = await stage.sales('sam');
  const seller = await stage.open('/sales', undefined, COUNT_SHIFTS);
  await signIn(seller, 'sam');
  const form = seller.getByRole('form', { name: 'New sale' });
  await form.getByLabel('Title').fill('Clocks of three centuries');
  await form.getByLabel('First lot ends').fill(fieldTime(Date.now() + FIRST_LOT_MS));
  await form.getByLabel('Seconds between lots').fill('1');
  await form.getByLabel('Who may bid').selectOption('approval');
  await form.getByLabel('Limit of a bidder').fill('300');
  await form.getByRole('button', { name: 'Make the sale' }).click();
  await seller.getByLabel('CSV file').setInputFiles({
    name: 'clocks.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(LIST),
  });
  await seller.getByRole('button', { name: `Add ${LOTS} lots` }).click();
  await seller.getByText(`All ${LOTS} lots are in the sale.`).waitFor();
  await seller.getByRole('button', { name: 'Pause the sale' }).click();
  await seller.getByLabel('Reason').fill(REASON);
  await seller.getByLabel('Reason').press('Enter');
  await poll(() => textOf(seller.getByTestId('sale-status'))).toBe('Paused');
  const path = new URL(seller.url()).pathname;
  const saleId = path.split('/').at(-1) ?? '';
  await look(seller, 'seller-filled');

  // Registration: the three at their pages first, then the others.
  const [ann, bob, cat] = await Promise.all([
    stage.open(path, undefined, COUNT_SHIFTS),
    stage.open(path, undefined, COUNT_SHIFTS),
    stage.open(path, DARK_PHONE, COUNT_SHIFTS),
  ]);
  const guests = [
    { name: 'ann', page: ann },
    { name: 'bob', page: bob },
    { name: 'cat', page: cat },
  ];
  for (const { name, page } of guests) {
    await page.getByText(REASON).waitFor();
    await signIn(page, name);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('waits for the seller’s approval').waitFor();
  }
  await Promise.all([look(ann, 'desk-pending'), look(cat, 'phone-pending')]);
  const others = await Promise.all(
    Array.from({ length: BIDDERS - IN_BROWSERS.length }, (_, i) =>
      bidder(i + 1 + IN_BROWSERS.length),
    ),
  );
  for (const { sales } of others) await sales.register(saleId);
  for (let paddle = 1; paddle <= BIDDERS; paddle += 1) {
    if (paddle === 21) {
      await seller
        .getByRole('region', { name: 'Bidders' })
        .getByRole('button', { name: 'Next page' })
        .click();
    }
    await approve(seller, paddle);
  }
  await look(seller, 'seller-approved');
  for (const [i, { page }] of guests.entries()) {
    await page.getByText(`${dollars(limitOf(i + 1))} is left`).waitFor();
  }
  const { lots } = await house.read(saleId);
  expect(lots.map(({ lot }) => lot)).toEqual(Array.from({ length: LOTS }, (_, i) => i + 1));

  // Bidding: the first round of the others, and what the three do in rooms.
  await seller.getByRole('button', { name: 'Resume the sale' }).click();
  await poll(() => textOf(ann.getByTestId('sale-status'))).toBe('Open for bids');
  const answers: Answers = new Map();
  const rooms = async ({ name, page }: (typeof guests)[number], first: number): Promise<void> => {
    const own = await stage.sales(name);
    await page.getByRole('link', { name: `Clock number ${first}`, exact: true }).click();
    for (const lot of [first, first + 1, first + 2]) {
      await page.getByRole('heading', { name: `Clock number ${lot}`, exact: true }).waitFor();
      await bidOnPage(page, startPriceOf(lot) * 3);
      await page.getByText('You lead. Your maximum').waitFor();
      const { available: left } = await own.ownRegistration(saleId);
      await page.getByText(`${dollars(left ?? 0)} is left`).waitFor();
      if (lot < first + 2) await page.getByRole('link', { name: 'Next lot' }).click();
    }
    await look(page, `${name}-lot`);
    await page.getByRole('link', { name: /of Clocks of three/ }).click();
    await page.getByTestId('lots').getByText('You lead').nth(2).waitFor();
  };
  await Promise.all([
    ...others.map((each) => bidOnAll(each, lots, 1, answers)),
    rooms({ name: 'ann', page: ann }, 11),
    rooms({ name: 'bob', page: bob }, 14),
    rooms({ name: 'cat', page: cat }, 17),
  ]);
  await Promise.all([look(bob, 'desk-live'), look(cat, 'phone-live')]);

  // A pause while some lots are over and others are not.
  const third = lots[2]?.auctionId ?? '';
  const reader = await stage.client('ann');
  await until(
    'the third lot is over',
    async () => (await reader.auction(third)).status === 'ended',
    SALE_MS,
  );
  await seller.getByRole('button', { name: 'Pause the sale' }).click();
  await seller.getByLabel('Reason').fill('The microphone is silent.');
  await seller.getByLabel('Reason').press('Enter');
  for (const { page } of guests) await page.getByText('The microphone is silent.').waitFor();
  const statuses = (await house.lots(saleId, { limit: 200 })).items.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set(['ended', 'paused']));
  const blocked = others.at(-1);
  await expect(
    blocked?.client.bid(lots[37]?.auctionId ?? '', { maxAmount: 9_000 }),
  ).rejects.toThrow('AUCTION_PAUSED');
  await Promise.all([look(ann, 'desk-paused'), look(cat, 'phone-paused')]);

  // One bidder is blocked; another is removed from a lot that was led, which frees the limit.
  await seller.getByRole('button', { name: `Block paddle ${BIDDERS}`, exact: true }).click();
  await seller.getByTestId('registration').last().getByText('blocked').waitFor();
  const led = lots[18]?.auctionId ?? '';
  const { leader, price } = await reader.auction(led);
  const root = await stage.client('root', ['admin']);
  await root.removeBidder(led, leader ?? 0, 'A child was at the phone.');
  expect((await reader.auction(led)).price).toBeLessThan(price);
  const available = limitOf(3) - 3 * (startPriceOf(17) + startPriceOf(18));
  await cat.getByText(`${dollars(available)} is left`).waitFor();

  await seller.getByRole('button', { name: 'Resume the sale' }).click();
  await poll(() => textOf(cat.getByTestId('sale-status'))).toBe('Open for bids');
  const stay = others.slice(0, -1);
  await Promise.all(stay.map((each) => bidOnAll(each, lots, 2.5, answers)));
  expect([...answers.keys()]).toEqual(
    expect.arrayContaining(['leading', 'outbid', 'BID_TOO_LOW', 'OVER_LIMIT']),
  );
  await expect(
    blocked?.client.bid(lots[37]?.auctionId ?? '', { maxAmount: 9_000 }),
  ).rejects.toThrow('BIDDER_BLOCKED');
  // One who used pages puts all that is left on a lot, and has it.
  await ann.getByRole('button', { name: 'Next page' }).click();
  await ann.getByRole('link', { name: 'Clock number 36', exact: true }).click();
  const { available: rest } = await (await stage.sales('ann')).ownRegistration(saleId);
  await bidOnPage(ann, rest ?? 0);
  await ann.getByText('$0.00 is left').waitFor();
  await ann.getByRole('link', { name: /of Clocks of three/ }).click();

  const isOver = async (): Promise<boolean> => (await house.read(saleId)).status === 'ended';
  await until('the sale is over', isOver, SALE_MS);

  // The results, which fit what everybody owes, on all pages.
  const results = await house.results(saleId);
  expect(results.map(({ lot }) => lot)).toEqual(lots.map(({ lot }) => lot));
  expect(results.slice(-2).map(({ outcome }) => outcome)).toEqual(['reserve_not_met', 'no_bids']);
  expect(results[35]).toMatchObject({ outcome: 'sold', paddle: 1 });
  const { items: registrations } = await house.registrations(saleId, { limit: 200 });
  expect(registrations).toHaveLength(BIDDERS);
  for (const { paddle, limit, committed } of registrations) {
    const won = results.filter((result) => result.paddle === paddle);
    expect(committed).toBe(won.reduce((sum, result) => sum + (result.price ?? 0), 0));
    expect(committed).toBeLessThanOrEqual(limit ?? 0);
  }
  await seller.getByTestId('results').waitFor();
  await poll(() => rowsOf(seller)).toEqual(results.map((result) => rowOf(result)));
  for (const [i, { page }] of guests.entries()) {
    await poll(() => rowsOf(page)).toEqual(results.map((result) => rowOf(result, i + 1)));
    const owed = registrations[i]?.committed ?? 0;
    await page
      .getByText(owed === 0 ? 'has won nothing' : `has won lots for ${dollars(owed)} in all`)
      .waitFor();
  }
  for (const [name, page] of [
    ['seller', seller],
    ['desk', ann],
    ['phone', cat],
  ] as const) {
    await page.getByTestId('results').scrollIntoViewIfNeeded();
    await look(page, `${name}-results`);
  }
});
