/** The web app under its own Content-Security-Policy: it needs nothing more, and it is kept. */
import { get } from 'node:http';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { contentPolicy } from '../content-policy.ts';
import { LIMIT_MS, poll, signIn, textOf, useStage } from './testing/browser-stage.ts';

/** A script that keeps what the browser reports. */
const KEEP_REPORTS = `
  globalThis.reports = [];
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    globalThis.reports.push(effectiveDirective + ' ' + blockedURI);
  });`;

const reportsOf = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => (globalThis as unknown as { reports: string[] }).reports);

const stage = useStage();

test('every page works without a report, with chart, live connection and proof', async () => {
  const seller = await stage.client('sam');
  const item = { title: 'Map', imageUrl: `${stage.system.urls['web']}/mark.svg` };
  const terms = { item, currency: 'USD', startPrice: 1_000, durationSeconds: 600 };
  const live = await seller.createAuction(terms);
  await (await stage.client('ann')).bid(live.id, { amount: 1_000 });
  const page = await stage.open('/', undefined, KEEP_REPORTS);
  await signIn(page, 'kim');
  const look = async (path: string, ready: string): Promise<void> => {
    await page.goto(new URL(path, page.url()).href);
    await page.getByText(ready).first().waitFor();
    await page.waitForLoadState('networkidle');
    expect(await reportsOf(page), path).toEqual([]);
  };
  await look('/', 'Map');
  await look('/scheduled', 'Nothing is coming up');
  await look('/ended', 'Ended auctions');
  await look('/my-bids', 'My bids');
  await look('/sell', 'Preview');
  await look('/selling', 'Your auctions');
  await look('/leaders', 'Your figures');
  await look('/nowhere', 'Nothing is here');
  await look(`/auctions/${live.id}`, 'Map');
  await poll(() => textOf(page.getByTestId('connection'))).toBe('Live');
  await page.locator('.u-over').hover();
  await page.getByLabel('Your maximum bid').fill('20');
  await page.getByRole('button', { name: /^Place bid/ }).click();
  await page.getByTestId('leader').getByText('You lead').waitFor();

  const sold = await seller.createAuction({ ...terms, buyNowPrice: 2_000 });
  await (await stage.client('bob')).buyNow(sold.id);
  await look(`/auctions/${sold.id}`, 'Bidder 1 won');
  await poll(async () => {
    await page.getByRole('button', { name: /^Check (the proof|again)$/ }).click();
    await page.getByRole('button', { name: 'Check again' }).waitFor();
    return textOf(page.getByTestId('proof'));
  }).toContain('The proof holds');
  expect(await reportsOf(page)).toEqual([]);
});

test('what is planted into the page does not run, is not shown and reaches nobody', async () => {
  const page = await stage.open('/nowhere', undefined, KEEP_REPORTS);
  await page.getByText('Nothing is here').first().waitFor();
  const ran = await page.evaluate(async () => {
    document.body.insertAdjacentHTML(
      'beforeend',
      '<img src="/nothing.png" onerror="globalThis.ran = true"><p style="color: red">red</p>',
    );
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.body.append(script);
    await fetch('http://127.0.0.1:1/').catch(() => {});
    return 'ran' in globalThis;
  });
  expect(ran).toBe(false);
  await poll(() => reportsOf(page)).toEqual(
    expect.arrayContaining([
      'script-src-elem inline',
      'script-src-attr inline',
      'style-src-attr inline',
      'connect-src http://127.0.0.1:1/',
    ]),
  );
});

test('no other page may hold it in a frame', async () => {
  const page = await stage.open('/nowhere');
  const url = page.url();
  await page.goto(`${stage.system.urls['archival-worker']}/healthz`);
  const failed = page.waitForEvent('requestfailed');
  await page.setContent(`<iframe src="${url}"></iframe>`);
  expect((await failed).failure()?.errorText).toBe('net::ERR_BLOCKED_BY_RESPONSE');
});

test('the web server passes on the paths it names, and nothing beside them', async () => {
  const url = stage.system.urls['web'] ?? '';
  const { headers } = await fetch(url);
  expect(headers.get('content-security-policy')).toMatch(
    new RegExp(`^${contentPolicy({ connectTo: 'X', framedBy: "'none'" }).replace('X', '.+')}$`),
  );
  expect((await fetch(`${url}/v1/config`)).headers.get('content-type')).toContain('json');
  for (const path of ['/v1/config/../auctions', '/metrics', '/readyz']) {
    expect(await contentType(url, path), path).toContain('html');
  }
});

/** Asks for the path as it is; `fetch` and browsers would take `..` out themselves. */
const contentType = (url: string, path: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const asking = get({ hostname, port, path, timeout: LIMIT_MS }, (response) => {
      response.resume();
      resolve(response.headers['content-type']);
    });
    asking.on('error', reject);
  });
