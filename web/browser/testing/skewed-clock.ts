import type { Page } from 'playwright-core';

/** A script that sets the page's own clock wrong; `trueNow()` keeps the machine's. */
export const skewedClock = (skewMs: number): string => `
  const TrueDate = Date;
  globalThis.trueNow = () => TrueDate.now();
  globalThis.Date = class extends TrueDate {
    constructor(...given) {
      if (given.length === 0) super(TrueDate.now() + ${skewMs});
      else super(...given);
    }
    static now() {
      return TrueDate.now() + ${skewMs};
    }
  };`;

/**
 * How far the room's countdown is off, in ms, at each of its steps in the last ten seconds. The
 * services run on the machine whose clock the page calls `trueNow()`.
 */
export function countdownErrors(page: Page, endsAtMs: number): Promise<readonly number[]> {
  return page.evaluate(
    (endsAt) =>
      new Promise<readonly number[]>((resolve) => {
        const { trueNow } = globalThis as unknown as { trueNow: () => number };
        const errors: number[] = [];
        const look = (): void => {
          const text = document.querySelector('[data-testid=countdown]')?.textContent ?? '';
          const tenths = /^(\d\.\d)s/u.exec(text)?.[1];
          const left = endsAt - trueNow();
          if (tenths !== undefined) errors.push(Number(tenths) * 1_000 - left);
          if (left <= 0) {
            watching.disconnect();
            resolve(errors);
          }
        };
        const watching = new MutationObserver(look);
        watching.observe(document.body, { subtree: true, childList: true, characterData: true });
      }),
    endsAtMs,
  );
}
