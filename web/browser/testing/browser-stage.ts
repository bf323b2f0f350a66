/** The whole system and a Chromium, for tests of pages as people use them. */
import type { Role } from '@outcry/shared/contracts/api.ts';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { chromium, type BrowserContextOptions, type Locator, type Page } from 'playwright-core';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { SaleClient } from '@outcry/client/sale-client.ts';
import { obtainChromium } from '@outcry/local/programs/programs.ts';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';

const SCREENSHOTS = fileURLToPath(new URL('../../../.local/screenshots/', import.meta.url));

/** For everything that a page is waited for. */
export const LIMIT_MS = 10_000;

const DESKTOP: BrowserContextOptions = {
  viewport: { width: 1280, height: 900 },
  colorScheme: 'light',
};
export const DARK_PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  colorScheme: 'dark',
  hasTouch: true,
  isMobile: true,
};

export interface BrowserStage {
  readonly system: TestSystem;
  /** Opens a path in a window with its own storage. */
  open(path: string, options?: BrowserContextOptions, script?: string): Promise<Page>;
  /** Closes all windows: what stays open keeps working and slows down the next test. */
  closeWindows(): Promise<void>;
  /** Acts over HTTP as this user. */
  client(userId: string, roles?: readonly Role[]): Promise<OutcryClient>;
  /** The same, for sales of many lots. */
  sales(userId: string): Promise<SaleClient>;
  /** Kept in `.local/screenshots`, for people to look at. */
  shot(page: Page, name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @param options of the system, where it is not as `npm start` has it */
export async function startBrowserStage(
  options: Parameters<typeof startTestSystem>[0] = {},
): Promise<BrowserStage> {
  const [program, system] = await Promise.all([obtainChromium(), startTestSystem(options)]);
  const browser = await chromium.launch({
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
  const historyUrl = system.urls['archival-worker'];
  return {
    system,
    open: async (path, options = DESKTOP, script) => {
      const context = await browser.newContext({ locale: 'en-US', ...options });
      if (script !== undefined) await context.addInitScript(script);
      const page = await context.newPage();
      page.setDefaultTimeout(LIMIT_MS);
      await page.goto(`${system.urls['web']}${path}`);
      return page;
    },
    closeWindows: async () => {
      await Promise.all(browser.contexts().map((context) => context.close()));
    },
    client: async (userId, roles = ['bidder', 'seller']) => {
      const { token } = await new OutcryClient({ gatewayUrl }).devToken(userId, roles);
      return new OutcryClient({ gatewayUrl, historyUrl, token });
    },
    sales: async (userId) => {
      const { token } = await new OutcryClient({ gatewayUrl }).devToken(userId, [
        'bidder',
        'seller',
      ]);
      return new SaleClient({ gatewayUrl, historyUrl, token });
    },
    shot: async (page, name) => {
      await page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
    },
    stop: async () => {
      await browser.close();
      await system.stop();
    },
  };
}

/**
 * One for all tests of a file: it is there before the first, its windows are closed after each, and it
 * ends after the last.
 */
export function useStage(options?: Parameters<typeof startBrowserStage>[0]): BrowserStage {
  const stage = {} as BrowserStage;
  beforeAll(async () => void Object.assign(stage, await startBrowserStage(options)), 180_000);
  afterEach(() => stage.closeWindows());
  afterAll(() => stage.stop());
  return stage;
}

/** Reads until it is as expected, for as long as pages are waited for. */
export const poll = <T>(read: () => Promise<T>, timeout = LIMIT_MS) =>
  expect.poll(read, { timeout });

/** Signs in through the dialog that any sign-in button opens. */
export async function signIn(page: Page, name: string): Promise<void> {
  await inSignInDialog(page, (dialog) => dialog.getByRole('textbox').fill(name));
}

/** With the rights of an admin too, which a demo system gives to anyone. */
export async function signInAsAdmin(page: Page, name: string): Promise<void> {
  await inSignInDialog(page, async (dialog) => {
    await dialog.getByRole('textbox').fill(name);
    await dialog.getByLabel('Also as an admin').check();
  });
}

async function inSignInDialog(page: Page, fill: (dialog: Locator) => Promise<void>): Promise<void> {
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await fill(dialog);
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}

export async function bidExactly(page: Page, amount: string): Promise<void> {
  const form = page.getByRole('form', { name: 'Place a bid' });
  await form.getByLabel('Exact bid').check();
  await form.getByLabel('Your bid').fill(amount);
  await form.getByRole('button', { name: /^Place bid/ }).click();
}

/** What the accessibility checker finds serious or critical, one line each; empty when nothing. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    // What moves in is half transparent for a moment, and would be measured so.
    for (const animation of document.getAnimations()) animation.cancel();
    const checker = (globalThis as unknown as { axe: typeof axe }).axe;
    const { violations } = await checker.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
  });
}

/** By how many pixels a page is wider than its window. */
export const overhang = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export const textOf = async (place: Locator): Promise<string> => (await place.textContent()) ?? '';
