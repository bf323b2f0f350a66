/** A sale from the form to its results, as its seller and two bidders see it. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
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

const MAX_SHIFT = 0.05;
const TEST_MS = 180_000;
const HOUR_MS = 3_600_000;
const MAX_TABS = 80;
/** Of own bids in one answer of the archive. */
const MOST_OF_A_PAGE = 200;
/** About each lot: once it has bids, or after the own one; and once it is watched. */
const MOST_ASKED = 2;

const stage = useStage();

/** A moment as a field for dates wants it; the browser's time zone is the machine's. */
function fieldTime(atMs: number): string {
  const at = new Date(atMs);
  return new Date(atMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Presses Tab until it is there, as people without a mouse do. */
async function tabTo(page: Page, place: Locator): Promise<void> {
  for (let presses = 0; presses < MAX_TABS; presses += 1) {
    if (await place.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${MAX_TABS} times Tab do not lead to ${String(place)}`);
}

/** Accessible, and no wider than the window, in both colours. */
async function expectClean(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFaults(page), `${name}, ${colorScheme}`).toEqual([]);
    expect(await overhang(page), name).toBeLessThanOrEqual(0);
    await stage.shot(page, `${name} ${colorScheme}`.replaceAll(/\W+/g, '-'));
  }
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

test(
  'lots say where a bidder of very many bids stands, and ask no more than they must',
  { timeout: TEST_MS },
  async () => {
    const owner = await stage.sales('sue');
    const sale = await owner.create({
      title: 'Rings',
      currency: 'USD',
      firstLotEndsAt: new Date(Date.now() + HOUR_MS).toISOString(),
      staggerSeconds: 60,
      registration: 'none',
    });
    const seller = await stage.client('sue');
    const lots: string[] = [];
    for (const title of ['Gold ring', 'Silver ring', 'Tin ring']) {
      const lot = { saleId: sale.id, item: { title }, startPrice: 500 };
      lots.push((await seller.createAuction(lot)).id);
    }
    const [gold = '', silver = '', tin = ''] = lots;
    const [eve, dan] = await Promise.all([stage.client('eve'), stage.client('dan')]);
    await eve.bid(gold, { maxAmount: 900 });
    await eve.bid(silver, { maxAmount: 900 });
    await dan.bid(silver, { maxAmount: 2_000 });
    const terms = { currency: 'USD', startPrice: 100, durationSeconds: 3_600 };
    const { id: other } = await seller.createAuction({ item: { title: 'Clock' }, ...terms });
    for (let i = 0; i <= MOST_OF_A_PAGE; i += 1) {
      await eve.bid(other, { maxAmount: 10_000 + i });
    }
    await until('a page of the newest bids has none of the lots', async () => {
      const { items } = await eve.userBids({ limit: MOST_OF_A_PAGE });
      return items.length === MOST_OF_A_PAGE && items.every(({ auctionId }) => auctionId === other);
    });

    const page = await stage.open('/');
    await signIn(page, 'eve');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (/\/auctions\/[^/]+\/me$/u.test(request.url())) asked.push(request.url());
    });
    await page.goto(new URL(`/sales/${sale.id}`, page.url()).href);
    const cards = page.getByTestId('lots').getByRole('listitem');
    await cards.filter({ hasText: 'Gold ring' }).getByText('You lead').waitFor();
    await cards.filter({ hasText: 'Silver ring' }).getByText('Outbid').waitFor();
    // On another device, and in a lot that was asked about when nobody had bid in it.
    await eve.bid(tin, { maxAmount: 900 });
    await cards.filter({ hasText: 'Tin ring' }).getByText('You lead').waitFor();
    await dan.bid(gold, { maxAmount: 2_000 });
    await cards.filter({ hasText: 'Gold ring' }).getByText('Outbid').waitFor();
    // Reading the list again asks nothing again.
    const nextReading = () =>
      page.waitForResponse((answer) => answer.url().includes(`${sale.id}/lots`));
    await nextReading();
    await nextReading();
    const settled = asked.length;
    await nextReading();
    expect(asked).toHaveLength(settled);
    expect(settled).toBeLessThanOrEqual(MOST_ASKED * lots.length);
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
      const owner = await stage.sales('sam');
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
      await (await stage.sales('ann')).register(sale.id);
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

describe.each([
  ['desktop', undefined],
  ['phone', DARK_PHONE],
] as const)('on a %s', (name, options) => {
  test('sales are listed, and another is made without a mouse', { timeout: TEST_MS }, async () => {
    const owner = await stage.sales('sam');
    const terms = {
      currency: 'EUR',
      firstLotEndsAt: new Date(Date.now() + 2 * HOUR_MS).toISOString(),
      staggerSeconds: 60,
      registration: 'open',
    } as const;
    const [live, coming] = [`Jugs on a ${name}`, `Jars on a ${name}`];
    const { id } = await owner.create({ ...terms, title: live });
    const seller = await stage.client('sam');
    await seller.createAuction({ saleId: id, item: { title: 'A jug' }, startPrice: 500 });
    const startsAt = new Date(Date.now() + HOUR_MS).toISOString();
    await owner.create({ ...terms, title: coming, startsAt });

    const page = await stage.open('/sales', options, COUNT_SHIFTS);
    await signIn(page, 'sam');
    await page.reload();
    await page.getByRole('link', { name: live }).waitFor();
    const form = page.getByRole('form', { name: 'New sale' });
    await form.waitFor();
    const { sum, moved } = await layoutShifts(page);
    expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);
    await expectClean(page, `sales ${name}`);

    // What is listed must not lie over what is around it.
    await page.getByRole('button', { name: 'Paused' }).click();
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByRole('link', { name: live }).waitFor();
    await form.getByLabel('Title').click();
    await tabTo(page, page.getByRole('button', { name: 'Coming' }));
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: coming }).waitFor();
    await tabTo(page, form.getByLabel('Title'));
    await page.keyboard.press('Enter');
    await form.getByText('The title is missing.').waitFor();
    await form.getByText('Say when the first lot ends.').waitFor();
    await expectClean(page, `sale form ${name}`);
    await page.keyboard.type(`Pots on a ${name}`);
    await tabTo(page, form.getByLabel('First lot ends'));
    await form.getByLabel('First lot ends').fill(fieldTime(Date.now() + HOUR_MS));
    await tabTo(page, form.getByLabel('Who may bid'));
    await page.keyboard.press('ArrowDown');
    await tabTo(page, form.getByLabel('Limit of a bidder'));
    await page.keyboard.type('90');
    await tabTo(page, form.getByText('More terms'));
    await page.keyboard.press('Enter');
    await tabTo(page, form.getByLabel('Soft close window'));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('x');
    await page.keyboard.press('Enter');
    await form.getByText('Enter 0 to 86400 seconds.').waitFor();
    await page.keyboard.press('Backspace');
    await page.keyboard.type('0');
    await tabTo(page, form.getByRole('button', { name: 'Make the sale' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `Pots on a ${name}` }).waitFor();
    await page.getByText('Late bids do not move the end.').waitFor();
    await page.getByText('A bidder may owe $90.00').waitFor();
    await page.getByText('Bidders register, and may bid at once.').waitFor();
    await expectClean(page, `sale made ${name}`);
  });

  test('a sale is changed from the desk until it starts', { timeout: TEST_MS }, async () => {
    const owner = await stage.sales('sam');
    const made = await owner.create({
      title: `Bowls on a ${name}`,
      description: 'Hardly used.',
      currency: 'EUR',
      startsAt: new Date(Date.now() + HOUR_MS).toISOString(),
      firstLotEndsAt: new Date(Date.now() + 2 * HOUR_MS).toISOString(),
      staggerSeconds: 90,
      registration: 'approval',
      defaultLimit: 50_000,
      softClose: { windowSeconds: 20, extendSeconds: 40 },
    });
    await until('the archive has it', async () => (await owner.archived(made.id)).id === made.id);
    const viewer = await stage.open(`/sales/${made.id}`, DARK_PHONE);
    await viewer.getByText('Hardly used.').waitFor();
    const page = await stage.open('/selling?list=sales', options, COUNT_SHIFTS);
    await signIn(page, 'sam');
    await page.reload();
    const entry = page.getByRole('listitem').filter({ hasText: made.title });
    await entry.waitFor();
    const { sum, moved } = await layoutShifts(page);
    expect(sum, moved.join('\n')).toBeLessThan(MAX_SHIFT);
    await expectClean(page, `own sales ${name}`);
    await tabTo(page, entry.getByRole('link', { name: 'Change' }));
    await page.keyboard.press('Enter');

    const form = page.getByRole('form', { name: 'Change the sale' });
    const save = form.getByRole('button', { name: 'Change the sale' });
    await form.waitFor();
    expect(await save.isDisabled()).toBe(true);
    await tabTo(page, form.getByLabel('Title'));
    await page.keyboard.press('End');
    await page.keyboard.type(' and plates');
    await form.getByLabel('Description').fill('');
    await form.getByLabel('Seconds between lots').fill('45');
    await form.getByLabel('Limit of a bidder').fill('');
    await expectClean(page, `sale change ${name}`);
    await tabTo(page, save);
    await page.keyboard.press('Enter');
    await form.getByText('Everybody sees it so from now on.').waitFor();
    const title = `Bowls on a ${name} and plates`;
    await page.getByRole('heading', { name: title }).waitFor();
    await viewer.getByRole('heading', { name: title }).waitFor();
    await poll(() => viewer.getByText('Hardly used.').count()).toBe(0);
    const { description: _old, defaultLimit: _limit, serverTime: _then, ...rest } = made;
    const { serverTime: _now, ...changed } = await owner.read(made.id);
    expect(changed).toEqual({ ...rest, title, staggerSeconds: 45 });

    // With a lot, what its lots share stays.
    const seller = await stage.client('sam');
    await seller.createAuction({ saleId: made.id, item: { title: 'A bowl' }, startPrice: 500 });
    await form.getByText('its lots have them too').waitFor();
    expect(await form.getByLabel('First lot ends').count()).toBe(0);
    await form.getByLabel('Who may bid').selectOption('none');
    await form.getByLabel('Title').press('Enter');
    await viewer.getByText('Anybody who is signed in may bid.').waitFor();
    expect(await owner.read(made.id)).toMatchObject({ registration: 'none', staggerSeconds: 45 });
  });
});

test(
  'a list with mistakes is refused line by line, and one without becomes lots',
  { timeout: TEST_MS },
  async () => {
    const { id } = await (
      await stage.sales('sam')
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
    expect((await (await stage.sales('sam')).read(id)).lots).toHaveLength(40);
    expect([await seriousFaults(seller), await overhang(seller)]).toEqual([[], 0]);
  },
);
