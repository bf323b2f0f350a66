/** Signing in with a real OpenID Connect provider, which comes, goes and changes its keys. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import {
  startIdentityProvider,
  type IdentityProvider,
} from '@outcry/local/identity/identity-provider.ts';
import { Memory } from '@outcry/local/identity/memory.ts';
import { AUDIENCE, MACHINE } from '@outcry/local/identity/registration.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import {
  DARK_PHONE,
  LIMIT_MS,
  bidExactly,
  poll,
  seriousFaults,
  startBrowserStage,
  textOf,
  type BrowserStage,
} from './testing/browser-stage.ts';

/** Of access tokens, instead of the usual minutes: renewed after 6 to 9 s. */
const LIFE_SECONDS = 12;
const LIFE_MS = LIFE_SECONDS * 1_000;
/** Of a test that waits for tokens to end. */
const LONG = { timeout: 90_000 };

/** A script that keeps what the browser reports of the page's content policy. */
const KEEP_REPORTS = `
  globalThis.reports = [];
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    globalThis.reports.push(effectiveDirective + ' ' + blockedURI);
  });`;

let stage: BrowserStage;
let provider: IdentityProvider;
let startProvider: () => Promise<IdentityProvider>;
let audience = AUDIENCE;
/** It outlives a provider that ends. */
const memory = new Memory();
let seller: OutcryClient;

beforeAll(async () => {
  const [web, port] = [await freePort(), await freePort()];
  startProvider = () =>
    startIdentityProvider({
      port,
      webOrigin: `http://localhost:${web}`,
      tokenLifeSeconds: LIFE_SECONDS,
      audience: () => audience,
      memory,
    });
  provider = await startProvider();
  stage = await startBrowserStage({ issuer: provider.issuer, ports: { web } });
  const { system } = stage;
  const gatewayUrl = system.urls['api-gateway'] ?? '';
  seller = new OutcryClient({ gatewayUrl, token: machineToken });
}, 180_000);

afterEach(() => stage.closeWindows());

afterAll(async () => {
  await stage.stop();
  await provider.close();
});

/** As a seller's system gets it: client credentials. */
async function machineToken(): Promise<string> {
  const response = await fetch(`${provider.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${MACHINE.id}:${MACHINE.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

async function auctionOf(title: string): Promise<{ id: string; path: string }> {
  const terms = { item: { title }, currency: 'USD', startPrice: 1_000, durationSeconds: 600 };
  const { id } = await seller.createAuction(terms);
  return { id, path: `/auctions/${id}` };
}

/** The web app at the address that the provider knows. */
async function open(path: string, options?: Parameters<BrowserStage['open']>[1]): Promise<Page> {
  const page = await stage.open('/nowhere', options, KEEP_REPORTS);
  await page.goto(new URL(path, page.url().replace('127.0.0.1', 'localhost')).href);
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page
    .getByRole('button', { name: /^Sign in/ })
    .first()
    .click();
  await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
  await page.getByRole('button', { name: `Signed in as ${name}` }).waitFor();
}

interface Kept {
  readonly token: string;
  readonly expiresAtMs: number;
}

const keptBy = (page: Page): Promise<Kept> =>
  page.evaluate(() => JSON.parse(sessionStorage.getItem('outcry.session') ?? '{}') as Kept);

/** Bids over HTTP as whoever is signed in on a page. */
async function bidAs(page: Page, auctionId: string, amount: number): Promise<void> {
  const gatewayUrl = stage.system.urls['api-gateway'] ?? '';
  const { token } = await keptBy(page);
  await new OutcryClient({ gatewayUrl, token, retries: 0 }).bid(auctionId, { amount });
}

/** Resolves when the page's token is another one. */
async function renewed(page: Page, { token }: Kept): Promise<void> {
  await expect
    .poll(async () => (await keptBy(page)).token, { timeout: 2 * LIFE_MS })
    .not.toBe(token);
}

const troubleOf = (page: Page): Promise<string> => textOf(page.getByTestId('sign-in-trouble'));

test('a person signs in, comes back to the page they left, and bids', LONG, async () => {
  const { id, path } = await auctionOf('First light');
  for (const [name, options] of [
    ['desktop', undefined],
    ['phone', DARK_PHONE],
  ] as const) {
    const page = await open(path, options);
    await page.getByRole('button', { name: 'Sign in to bid' }).waitFor();
    await stage.shot(page, `provider-visitor-${name}`);
    await page.getByRole('button', { name: 'Sign in to bid' }).click();
    await page.getByText('Who are you?').waitFor();
    await stage.shot(page, `provider-who-${name}`);
    await page.getByRole('button', { name: /^Bea/ }).click();
    await page.getByRole('button', { name: 'Signed in as Bea Bidder' }).waitFor();
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe(path);
    await bidExactly(page, name === 'phone' ? '30' : '20');
    await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
    await stage.shot(page, `provider-bid-${name}`);
    // A bidder is offered nothing to sell.
    const ways = page.getByRole('navigation', { name: 'Main' });
    expect(await ways.getByRole('link', { name: 'Sell' }).count()).toBe(0);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('eyJ');
    expect(await page.evaluate(() => String(Reflect.get(globalThis, 'reports')))).toBe('');
    expect(await seriousFaults(page)).toEqual([]);
    for (const [closed, why] of [
      ['/sell', 'Your account may not sell here'],
      ['/selling', 'Your account has no part in it'],
    ] as const) {
      await page.goto(new URL(closed, page.url()).href);
      await page.getByText(why).waitFor();
      expect(await page.getByRole('button', { name: /Download/ }).count()).toBe(0);
    }
  }
  // Both devices are one user.
  expect((await seller.auction(id)).bidCount).toBe(2);
});

test("a machine sells with its own credentials, and a seller's role does not bid", async () => {
  const { id } = await auctionOf('By a machine');
  const { sellerId } = await seller.auction(id);
  expect(await seller.me()).toEqual({ id: sellerId, roles: ['seller'] });
  await expect(seller.bid(id, { amount: 1_000 })).rejects.toThrow('FORBIDDEN');
});

test('a token is renewed during an auction, without a gap, and notices go on', LONG, async () => {
  const { id, path } = await auctionOf('Renewed');
  const page = await open(path);
  await signIn(page, 'Bea Bidder');
  await bidExactly(page, '20');
  await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
  await poll(() => textOf(page.getByTestId('connection'))).toBe('Live');
  const first = await keptBy(page);
  await page.evaluate(() => {
    const seen = new Set<string>();
    Reflect.set(globalThis, 'seen', seen);
    const place = document.querySelector('[data-testid=connection]');
    new MutationObserver(() => seen.add(place?.textContent ?? '')).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  await renewed(page, first);
  await expect.poll(() => Date.now(), { timeout: 2 * LIFE_MS }).toBeGreaterThan(first.expiresAtMs);
  expect(await page.evaluate(() => [...(Reflect.get(globalThis, 'seen') as Set<string>)])).toEqual([
    'Live',
  ]);
  // Elsewhere in the app, so that only a notice can tell.
  await page.getByRole('link', { name: 'Leaders' }).click();
  const rival = await open('/');
  await signIn(rival, 'Ada Admin');
  await bidAs(rival, id, 5_000);
  await page.locator('.toast').getByText('You were outbid').waitFor();
  await stage.shot(page, 'provider-outbid');
});

test(
  'all tabs are one session: they share tokens, one renews, one signs out all',
  LONG,
  async () => {
    const { path } = await auctionOf('Two tabs');
    const first = await open(path);
    await signIn(first, 'Bea Bidder');
    const second = await first.context().newPage();
    second.setDefaultTimeout(LIMIT_MS);
    let asked = 0;
    for (const page of [first, second]) {
      page.on('request', (request) => {
        if (request.url() === `${provider.issuer}/token`) asked += 1;
      });
    }
    await second.goto(first.url());
    await second.getByRole('button', { name: 'Signed in as Bea Bidder' }).waitFor();
    const before = await keptBy(first);
    expect(await keptBy(second)).toEqual(before);
    await renewed(first, before);
    await renewed(second, before);
    await poll(() => keptBy(second)).toEqual(await keptBy(first));
    expect(asked).toBe(1);
    await first.reload();
    await first.getByRole('button', { name: 'Signed in as Bea Bidder' }).click();
    await first.getByRole('button', { name: 'Sign out' }).click();
    await second.getByRole('button', { name: 'Sign in to bid' }).waitFor();
    await first.getByText('Sign out?').waitFor();
    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    const kept = await first.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    expect(kept).not.toMatch(/eyJ|outcry\.session/);
    // At the provider too: it does not know who it is any more.
    await first.getByRole('button', { name: 'Sign in', exact: true }).click();
    await first.getByText('Who are you?').waitFor();
  },
);

test(
  'signing out everywhere ends the tokens of other devices, until they sign in again',
  LONG,
  async () => {
    const { path } = await auctionOf('Two devices');
    const [phone, laptop] = [await open('/account', DARK_PHONE), await open(path)];
    for (const page of [phone, laptop]) await signIn(page, 'Bea Bidder');
    const { token } = await keptBy(laptop);
    await phone.getByRole('button', { name: 'Sign out everywhere' }).click();
    await laptop.getByRole('button', { name: 'Sign in to bid' }).waitFor();
    const gatewayUrl = stage.system.urls['api-gateway'] ?? '';
    const before = new OutcryClient({ gatewayUrl, token, retries: 0 });
    // Each process looks every second.
    await poll(() => before.me().then(String, String)).toContain('SIGNED_OUT');
    await laptop.getByRole('button', { name: 'Sign in to bid' }).click();
    await laptop.getByRole('button', { name: /^Bea/ }).click();
    await laptop.getByRole('button', { name: 'Signed in as Bea Bidder' }).waitFor();
    await bidExactly(laptop, '20');
    await poll(() => textOf(laptop.getByTestId('notice'))).toContain('You lead');
  },
);

test('a token for another application does not count, and that is said', async () => {
  const page = await open('/leaders');
  audience = 'another-application';
  try {
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: /^Bea/ }).click();
    await page.getByText('Your sign-in does not count here').waitFor();
    await page.getByText('"aud" is not accepted').waitFor();
    await stage.shot(page, 'provider-wrong-audience');
  } finally {
    audience = AUDIENCE;
  }
  await page.getByRole('link', { name: 'Auctions', exact: true }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
});

test('who cancels at the provider is not signed in, and can try again', async () => {
  const page = await open('/leaders');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('The sign-in was refused').waitFor();
  await page.getByRole('button', { name: 'Sign in again' }).click();
  await page.getByRole('button', { name: /^Bea/ }).click();
  await page.getByRole('button', { name: 'Signed in as Bea Bidder' }).waitFor();
});

test('a withdrawn key ends its tokens, and a bid goes on with a newer one', LONG, async () => {
  const { id, path } = await auctionOf('New key');
  const page = await open(path);
  await signIn(page, 'Bea Bidder');
  const old = await keptBy(page);
  await bidExactly(page, '20');
  await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
  provider.withdrawKey();
  // A token with the new key lets the services know of it.
  const rival = await open('/');
  await signIn(rival, 'Ada Admin');
  await bidAs(rival, id, 3_000);
  const gatewayUrl = stage.system.urls['api-gateway'] ?? '';
  const withOld = new OutcryClient({ gatewayUrl, token: old.token, retries: 0 });
  await expect(withOld.me()).rejects.toThrow('UNAUTHENTICATED');
  await bidExactly(page, '40');
  await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
  expect((await keptBy(page)).token).not.toBe(old.token);
});

test(
  'without the provider, bidding goes on until the token ends, and then the page says so',
  LONG,
  async () => {
    const { id, path } = await auctionOf('Provider away');
    const page = await open(path);
    await signIn(page, 'Bea Bidder');
    const { expiresAtMs } = await keptBy(page);
    await provider.close();
    await bidExactly(page, '20');
    await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
    expect(await troubleOf(page)).toBe('');
    await expect
      .poll(() => troubleOf(page), { timeout: 2 * LIFE_MS })
      .toContain('Your sign-in has run out');
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
    await bidExactly(page, '40');
    await poll(() => textOf(page.getByTestId('notice'))).toContain('Please sign in again');
    await stage.shot(page, 'provider-away');

    const visitor = await open(path);
    await visitor.getByRole('button', { name: 'Sign in to bid' }).click();
    await visitor.getByText('does not answer').waitFor();
    await stage.shot(visitor, 'provider-away-at-sign-in');

    provider = await startProvider();
    await expect.poll(() => troubleOf(page), { timeout: 2 * LIFE_MS }).toBe('');
    await bidExactly(page, '40');
    await poll(() => textOf(page.getByTestId('notice'))).toContain('You lead');
    // What was refused without the provider did not count.
    expect((await seller.auction(id)).bidCount).toBe(2);
  },
);
