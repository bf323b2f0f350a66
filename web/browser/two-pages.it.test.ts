/** Two people in two browser windows, on the whole system. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { obtainChromium } from '@outcry/local/programs/programs.ts';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../.local/screenshots/', import.meta.url));
const LIMIT_MS = 10_000;
const DURATION_SECONDS = 120;

let system: TestSystem;
let browser: Browser;
let seller: OutcryClient;

beforeAll(async () => {
  const [program, started] = await Promise.all([obtainChromium(), startTestSystem()]);
  system = started;
  browser = await chromium.launch({
    executablePath: program,
    // Root needs --no-sandbox; the rest keeps Chromium from calling anybody.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  await mkdir(SCREENSHOTS, { recursive: true });
  const gatewayUrl = system.urls['api-gateway'] ?? '';
  const { token } = await new OutcryClient({ gatewayUrl }).devToken('sam', ['seller']);
  seller = new OutcryClient({ gatewayUrl, token });
}, 180_000);

afterAll(async () => {
  await browser.close();
  await system.stop();
});

/** A window of its own, with its own storage. */
async function openPage(path: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  await page.goto(`${system.urls['web']}${path}`);
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill(name);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}

async function bidExactly(page: Page, amount: string): Promise<void> {
  const form = page.getByRole('form', { name: 'Place a bid' });
  await form.getByLabel('Exact bid').check();
  await form.getByLabel('Your bid').fill(amount);
  await form.getByRole('button', { name: /^Place bid/ }).click();
}

describe('an auction room in two windows', () => {
  test('a bid made in one appears in the other, with price, alias and countdown', async () => {
    const auction = await seller.createAuction({
      item: { title: 'Cartier wristwatch' },
      currency: 'USD',
      startPrice: 9_900,
      durationSeconds: DURATION_SECONDS,
    });
    const path = `/auctions/${auction.id}`;
    const [ann, bob] = await Promise.all([openPage(path), openPage(path)]);
    await signIn(ann, 'ann');

    await bidExactly(ann, '120.00');

    await expect.poll(() => ann.getByTestId('price').textContent()).toContain('120');
    await expect
      .poll(() => bob.getByTestId('price').textContent(), { timeout: LIMIT_MS })
      .toContain('120');
    await bob.getByTestId('leader').getByText('Bidder 1 leads').waitFor();
    await bob.getByTestId('bid-list').getByText('Bidder 1').waitFor();

    const shown = await Promise.all([secondsLeft(ann), secondsLeft(bob)]);
    const { endsAt, serverTime } = await seller.auction(auction.id);
    const left = (Date.parse(endsAt) - Date.parse(serverTime)) / 1000;
    for (const seconds of shown) expect(Math.abs(seconds - left)).toBeLessThan(3);

    await signIn(bob, 'bob');
    await bidExactly(bob, '150.00');
    await expect.poll(() => ann.getByTestId('price').textContent()).toContain('150');
    await ann.getByTestId('leader').getByText('Bidder 2 leads').waitFor();
    await ann.screenshot({ path: `${SCREENSHOTS}room-outbid.png`, fullPage: true });
    await bob.screenshot({ path: `${SCREENSHOTS}room-leading.png`, fullPage: true });
  });

  test('a refused bid is explained in plain words', async () => {
    const auction = await seller.createAuction({
      item: { title: 'Xbox game console' },
      currency: 'USD',
      startPrice: 5_000,
      durationSeconds: DURATION_SECONDS,
    });
    const page = await openPage(`/auctions/${auction.id}`);
    await signIn(page, 'cid');
    await bidExactly(page, '10');
    await expect.poll(() => page.getByTestId('bid-notice').textContent()).toContain('$50.00');
  });
});

/** The countdown as the page shows it, such as `1m 58s`. */
async function secondsLeft(page: Page): Promise<number> {
  const text = (await page.getByTestId('countdown').textContent()) ?? '';
  const part = (unit: string): number =>
    Number(new RegExp(`(\\d+)\\s*${unit}`).exec(text)?.[1] ?? 0);
  return part('m') * 60 + part('s');
}
