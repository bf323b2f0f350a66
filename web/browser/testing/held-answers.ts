import type { Page, Route } from 'playwright-core';

/** What a page was not told yet. */
export interface HeldAnswers {
  /** The idempotency keys of the requests, in the order in which they were sent. */
  readonly keys: readonly string[];
  /** From now on answers come; those that were held are lost. */
  release(): void;
}

/** From now on requests to such addresses reach the server, and their answers do not come back. */
export async function holdAnswers(page: Page, url: string): Promise<HeldAnswers> {
  const keys: string[] = [];
  let isHeld = true;
  await page.route(url, async (route: Route) => {
    const key = route.request().headers()['idempotency-key'];
    if (key === undefined || !isHeld) {
      await route.continue();
      return;
    }
    keys.push(key);
    // The page may give up meanwhile.
    await route.fetch().catch(() => undefined);
  });
  return {
    keys,
    release: () => {
      isHeld = false;
    },
  };
}
