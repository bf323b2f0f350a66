/** One user in several windows, tabs and devices, with clocks and connections that do not work. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import {
  DARK_PHONE,
  LIMIT_MS,
  bidExactly,
  poll,
  signIn,
  textOf,
  useStage,
} from './testing/browser-stage.ts';
import { holdAnswers } from './testing/held-answers.ts';
import { freezableFeed } from './testing/freezable-feed.ts';
import { skewedClock } from './testing/skewed-clock.ts';

const stage = useStage();
let seller: OutcryClient;

beforeAll(async () => {
  seller = await stage.client('sam');
}, 180_000);

async function auctionOf(
  title: string,
  durationSeconds = 150,
): Promise<{ id: string; path: string }> {
  const item = { title };
  const terms = { item, currency: 'USD', startPrice: 1_000, durationSeconds };
  const { id } = await seller.createAuction(terms);
  return { id, path: `/auctions/${id}` };
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
}

const stakeOf = (page: Page): Promise<string> => textOf(page.getByTestId('stake'));

test('what a user does on one device is true on the other', async () => {
  const { id, path } = await auctionOf('Two devices');
  const [desk, phone] = await Promise.all([stage.open(path), stage.open(path, DARK_PHONE)]);
  for (const page of [desk, phone]) {
    await signIn(page, 'una');
    await poll(() => textOf(page.getByTestId('connection'))).toBe('Live');
  }
  await desk.getByLabel('Your maximum bid').fill('50');
  await desk.keyboard.press('Enter');
  await poll(() => stakeOf(phone)).toContain('Your maximum is $50.00');
  await desk.getByLabel('Your maximum bid').fill('80');
  await desk.keyboard.press('Enter');
  await poll(() => stakeOf(phone)).toContain('Your maximum is $80.00');
  await (await stage.client('rex')).bid(id, { maxAmount: 20_000 });
  for (const page of [desk, phone]) await poll(() => stakeOf(page)).toContain('You were outbid');
});

test('a notice counts as seen only in a room that is looked at', async () => {
  // It ends too late for a notice of that.
  const { id, path } = await auctionOf('Behind another tab', 3_600);
  const [looked, behind] = await Promise.all([
    stage.open(path),
    stage.open(
      path,
      undefined,
      `Object.defineProperty(Document.prototype, 'visibilityState', { get: () => globalThis.isSeen ? 'visible' : 'hidden' });`,
    ),
  ]);
  // Two users: what one has seen counts on all of that one's devices.
  await signIn(behind, 'ned');
  await signIn(looked, 'nel');
  for (const [page, amount] of [
    [behind, '20'],
    [looked, '25'],
  ] as const) {
    await bidExactly(page, amount);
    await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
  }
  await (await stage.client('rex')).bid(id, { amount: 3_000 });
  await behind.getByRole('button', { name: 'Notices, 1 new' }).waitFor();
  await poll(() => stakeOf(looked)).toContain('You were outbid');
  expect(await looked.getByRole('button', { name: 'Notices', exact: true }).count()).toBe(1);
  await behind.evaluate(() => {
    Reflect.set(globalThis, 'isSeen', true);
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await behind.getByRole('button', { name: 'Notices', exact: true }).waitFor();
});

test('signing in and out acts in all tabs at once', async () => {
  const { path } = await auctionOf('Two tabs');
  const first = await stage.open(path);
  const second = await first.context().newPage();
  second.setDefaultTimeout(LIMIT_MS);
  await second.goto(first.url());
  await signIn(first, 'ann');
  await second.getByRole('button', { name: 'Place bid' }).waitFor();
  await bidExactly(first, '20');
  await poll(() => stakeOf(second)).toContain('You lead');
  await signOut(first);
  await second.getByRole('button', { name: 'Sign in to bid' }).waitFor();
  await signIn(second, 'bob');
  await first.getByRole('button', { name: 'Place bid' }).waitFor();
  await first.getByText('Signed in as').first().waitFor({ state: 'attached' });
  expect(await first.getByRole('button', { name: 'Signed in as bob' }).count()).toBe(1);
});

test('a tab that has not heard of it sends no bid as the user of before', async () => {
  const { id, path } = await auctionOf('Deaf tab');
  const first = await stage.open(path);
  await signIn(first, 'ann');
  const deaf = await first.context().newPage();
  deaf.setDefaultTimeout(LIMIT_MS);
  await deaf.addInitScript(() => {
    window.addEventListener('storage', (event) => event.stopImmediatePropagation(), true);
  });
  await deaf.goto(first.url());
  await deaf.getByRole('button', { name: 'Place bid' }).waitFor();
  await signOut(first);
  await signIn(first, 'bob');
  await bidExactly(deaf, '20');
  await deaf.getByTestId('notice').getByText('Nothing was sent').waitFor();
  expect((await seller.auction(id)).bidCount).toBe(0);
  await bidExactly(deaf, '20');
  await poll(() => textOf(deaf.getByTestId('notice'))).toContain('You lead');
  expect((await (await stage.client('bob')).own(id)).leading).toBe(true);
});

test('a clock two days ahead makes no storm of token requests, and bids work', async () => {
  const { id, path } = await auctionOf('Tomorrow');
  const page = await stage.open(path, undefined, skewedClock(2 * 86_400_000));
  let tokens = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/dev/tokens')) tokens += 1;
  });
  await signIn(page, 'tom');
  await bidExactly(page, '20');
  await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
  await page.reload();
  await poll(() => stakeOf(page)).toContain('You lead');
  expect(tokens).toBe(1);
  expect((await (await stage.client('tom')).own(id)).bidCount).toBe(1);
});

test('a bid without an answer is found out by its key, and shown until then', async () => {
  const { id, path } = await auctionOf('Lost answer');
  const page = await stage.open(path);
  await signIn(page, 'lea');
  const answers = await holdAnswers(page, '**/bids');
  const sentAt = performance.now();
  await bidExactly(page, '20');
  await page.getByRole('button', { name: 'Sending …' }).waitFor();
  const notice = page.getByTestId('notice');
  await notice.getByText('No answer yet').waitFor();
  expect(performance.now() - sentAt).toBeLessThan(5_000);
  await page.getByRole('button', { name: 'Finding out …' }).waitFor();
  await stage.shot(page, 'room-no-answer');
  await (await stage.client('rex')).bid(id, { amount: 3_000 });
  await poll(() => stakeOf(page)).toContain('You were outbid');
  expect(await textOf(notice)).toContain('Your bid of $20.00 may have counted');
  await page.reload();
  await poll(() => textOf(notice)).toContain('Your bid of $20.00 may have counted');
  answers.release();
  await poll(() => textOf(notice)).not.toContain('may have counted');
  expect(new Set(answers.keys).size).toBe(1);
  expect(answers.keys.length).toBeGreaterThan(2);
  expect((await seller.auction(id)).bidCount).toBe(2);
  await page.getByRole('button', { name: /^Place bid/ }).waitFor();
});

test('an unresolved bid is still shown when the auction is over', async () => {
  const item = { title: 'Over meanwhile' };
  const terms = { item, currency: 'USD', startPrice: 1_000, durationSeconds: 12, softClose: null };
  const { id } = await seller.createAuction(terms);
  const page = await stage.open(`/auctions/${id}`);
  await signIn(page, 'max');
  const answers = await holdAnswers(page, '**/bids');
  await bidExactly(page, '20');
  const notice = page.getByTestId('notice');
  await notice.getByText('No answer yet').waitFor();
  await page
    .getByTestId('outcome')
    .getByText('You won!')
    .waitFor({ timeout: 2 * LIMIT_MS });
  await notice.getByText('may have counted').waitFor();
  answers.release();
  await notice.getByText('may have counted').waitFor({ state: 'detached' });
});

test('a sign-in that does not come about speaks of no bid', async () => {
  const { path } = await auctionOf('No sign-in');
  const page = await stage.open(path);
  await page.route('**/v1/dev/tokens', (route) => route.abort());
  await page.getByRole('button', { name: 'Sign in to bid' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('nia');
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.getByText('You are not signed in').waitFor();
  expect(await textOf(dialog)).not.toMatch(/count|request/iu);
});

test('a room whose connection died without a word says so within 5 s', async () => {
  const { id, path } = await auctionOf('Dead link');
  const page = await stage.open('/nowhere');
  const feed = await freezableFeed(page);
  await page.goto(new URL(path, page.url()).href);
  const badge = page.getByTestId('connection');
  await poll(() => textOf(badge)).toBe('Live');
  // It is back so soon that a look from here might miss it.
  const noticed = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const place = document.querySelector('[data-testid=connection]');
        const watching = new MutationObserver(() => {
          if (place?.textContent?.includes('Reconnecting') === true) resolve();
        });
        watching.observe(document.body, { subtree: true, childList: true, characterData: true });
      }),
  );
  const frozenAt = performance.now();
  feed.freeze();
  await (await stage.client('rex')).bid(id, { amount: 7_700 });
  await noticed;
  expect(performance.now() - frozenAt).toBeLessThan(5_000);
  await poll(() => textOf(page.getByTestId('price'))).toContain('77');
  await poll(() => textOf(badge)).toBe('Live');
});
