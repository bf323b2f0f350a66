/** Users' words and times on the pages: isolated from ours, and with their zone. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { LIMIT_MS, useStage } from './testing/browser-stage.ts';

const TITLE = 'שעון יד 1960';
const BERLIN = { timezoneId: 'Europe/Berlin', viewport: { width: 390, height: 844 } };

const stage = useStage();
let seller: OutcryClient;

beforeAll(async () => {
  seller = await stage.client('sam');
}, 180_000);

const auctionOf = (terms: Partial<Parameters<OutcryClient['createAuction']>[0]>) =>
  seller.createAuction({
    item: { title: TITLE, description: 'עובד היטב.\n\nWorks well.' },
    currency: 'USD',
    startPrice: 1_000,
    durationSeconds: 1_200,
    ...terms,
  });

const directions = (page: Page, selector: string): Promise<string[]> =>
  page
    .locator(selector)
    .evaluateAll((elements) => elements.map((element) => getComputedStyle(element).direction));

test("a user's words go their own way, ours stay", async () => {
  const { id } = await auctionOf({});
  const page = await stage.open('/', BERLIN);
  const link = page.getByRole('link', { name: TITLE });
  expect(await link.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
  await link.click();
  await page.getByTestId('room').waitFor();
  expect(page.url()).toContain(id);
  expect(await directions(page, 'h1')).toEqual(['rtl']);
  expect(await directions(page, '.about p')).toEqual(['rtl', 'ltr']);
  expect(await page.title()).toBe(`\u2068${TITLE}\u2069 · Outcry`);
  await stage.shot(page, 'words-room-phone');
});

test('a scheduled room says when it opens and ends, an ended one when it ended', async () => {
  const startsAt = new Date(Date.now() + 3_600_000).toISOString();
  const scheduled = await auctionOf({ startsAt });
  const ended = await auctionOf({ durationSeconds: 0.001 });
  const page = await stage.open(`/auctions/${scheduled.id}`, BERLIN);
  await expect.poll(() => page.locator('.countdown-at').textContent()).toMatch(/ GMT\+[12]/u);
  await expect.poll(() => page.getByTestId('end').textContent()).toMatch(/^Ends .* GMT\+[12]$/u);
  await stage.shot(page, 'words-scheduled-phone');
  const past = await stage.open(`/auctions/${ended.id}`, BERLIN);
  await expect
    .poll(() => past.getByTestId('end').textContent(), { timeout: LIMIT_MS })
    .toMatch(/^Ended .* GMT\+[12]$/u);
  await stage.shot(past, 'words-ended-phone');
});
