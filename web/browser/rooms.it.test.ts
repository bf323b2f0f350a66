/** Auction rooms in real browser windows, on the whole system. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import {
  bidExactly,
  DARK_PHONE,
  LIMIT_MS,
  overhang,
  seriousFaults,
  signIn,
  startBrowserStage,
  textOf,
  type BrowserStage,
} from './testing/browser-stage.ts';
import { countdownErrors, skewedClock } from './testing/skewed-clock.ts';

const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: LIMIT_MS });

let stage: BrowserStage;
let seller: OutcryClient;

beforeAll(async () => {
  stage = await startBrowserStage();
  seller = await stage.client('sam');
}, 180_000);

afterEach(() => stage.closeWindows());

afterAll(() => stage.stop());

async function auctionOf(
  title: string,
  terms: Partial<Parameters<OutcryClient['createAuction']>[0]> = {},
): Promise<{ id: string; path: string }> {
  const { id } = await seller.createAuction({
    item: { title },
    currency: 'USD',
    startPrice: 9_900,
    durationSeconds: 120,
    ...terms,
  });
  return { id, path: `/auctions/${id}` };
}

test('a bid made in one window appears in the other, with price, alias, you and notices', async () => {
  const { path } = await auctionOf('Cartier wristwatch');
  const [ann, bob] = await Promise.all([stage.open(path), stage.open(path, DARK_PHONE)]);
  await signIn(ann, 'ann');
  await bidExactly(ann, '120.00');

  await poll(() => textOf(bob.getByTestId('price'))).toContain('120');
  await bob.getByTestId('leader').getByText('Bidder 1 leads').waitFor();
  await bob.getByTestId('bid-list').getByText('Bidder 1').waitFor();
  await ann.getByTestId('bid-list').getByText('you', { exact: true }).waitFor();
  await ann.getByText('2 watching').waitFor();

  await signIn(bob, 'bob');
  await bidExactly(bob, '150.00');
  await poll(() => textOf(ann.getByTestId('price'))).toContain('150');
  await ann.getByTestId('stake').getByText('You were outbid.').waitFor();
  await poll(() => textOf(ann.getByTestId('announcer'))).toContain('You were outbid');
  // The quick amounts start at the minimum bid.
  await ann.getByRole('group', { name: 'Quick amounts' }).getByText('$152.50').waitFor();
  expect(await seriousFaults(ann)).toEqual([]);
  expect(await seriousFaults(bob)).toEqual([]);
  expect(await overhang(bob)).toBeLessThanOrEqual(0);
  await stage.shot(ann, 'room');
  await stage.shot(bob, 'room-phone');
});

test('a maximum bid by keyboard alone stays secret and defends the lead', async () => {
  const { id, path } = await auctionOf('Leica camera', { startPrice: 1_000 });
  const page = await stage.open(path);
  await signIn(page, 'kim');
  await page.getByLabel('Your maximum bid').focus();
  await page.keyboard.type('80');
  await page.keyboard.press('Enter');
  await page.getByTestId('bid-notice').getByText('up to $80.00').waitFor();
  expect(await textOf(page.getByTestId('price'))).toContain('10');

  const rival = await stage.client('rob');
  const { result } = await rival.bid(id, { amount: 5_000 });
  expect(result).toBe('outbid');
  await poll(() => textOf(page.getByTestId('price'))).toContain('51');
  await page.getByTestId('leader').getByText('You lead').waitFor();
});

test('a late bid visibly moves the end', async () => {
  const { id, path } = await auctionOf('Xbox', {
    durationSeconds: 30,
    softClose: { windowSeconds: 60, extendSeconds: 45 },
  });
  const page = await stage.open(path);
  await page
    .getByTestId('countdown')
    .getByText(/^[12]\ds$/)
    .waitFor();
  await (await stage.client('ann')).bid(id, { amount: 9_900 });
  await page
    .getByTestId('extension')
    .getByText(/^\+\d+s added$/)
    .waitFor();
  await page
    .getByTestId('countdown')
    .getByText(/^4\ds$/)
    .waitFor();
});

test('a refused bid is explained in plain words, with what to do', async () => {
  const { path } = await auctionOf('Palm Pilot', { startPrice: 5_000 });
  const page = await stage.open(path);
  await signIn(page, 'cid');
  await bidExactly(page, '10');
  await poll(() => textOf(page.getByTestId('bid-notice'))).toContain('Bid $50.00 or more');
  expect(await seriousFaults(page)).toEqual([]);
});

test('buying ends the auction, and the browser checks its proof with the own bid in it', async () => {
  const { path } = await auctionOf('Brass lamp', { buyNowPrice: 20_000 });
  const page = await stage.open(path);
  await signIn(page, 'dot');
  await page.getByRole('button', { name: 'Buy now for $200.00' }).click();
  await page.getByRole('button', { name: 'Yes, buy it' }).click();
  await page.getByTestId('outcome').getByText('You won!').waitFor();

  const proof = page.getByTestId('proof');
  await poll(async () => {
    await page.getByRole('button', { name: /^Check (the proof|again)$/ }).click();
    await page.getByRole('button', { name: 'Check again' }).waitFor();
    return textOf(proof);
  }).toContain('The proof holds');
  expect(await textOf(proof)).toContain('3 events');
  await proof.getByTestId('own-bids-proven').getByText('One bid of yours').waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await stage.shot(page, 'room-proof');
});

test('a clock that is five minutes off changes no countdown by more than 200 ms', async () => {
  const { id, path } = await auctionOf('Clock', { durationSeconds: 11, softClose: null });
  const { endsAt } = await seller.auction(id);
  const errors = await Promise.all(
    [-300_000, 300_000].map(async (skewMs) => {
      const page = await stage.open(path, undefined, skewedClock(skewMs));
      const isOff = (await page.evaluate(() => Date.now())) - Date.now();
      expect(Math.abs(isOff - skewMs)).toBeLessThan(10_000);
      return countdownErrors(page, Date.parse(endsAt));
    }),
  );
  for (const samples of errors) {
    expect(samples.length).toBeGreaterThan(10);
    // One in ten may be drawn late: that is the machine being busy, and not the clock.
    const sizes = samples.map(Math.abs).toSorted((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length * 0.9)], samples.join(' ')).toBeLessThanOrEqual(200);
  }
});
