/** Where things stand in the window, and by how much the page moved by itself. */
import type { Locator, Page } from 'playwright-core';

/** A script that counts layout shifts from the first frame on. */
export const COUNT_SHIFTS = `
  globalThis.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      const moved = sources.map(({ node, previousRect: from, currentRect: to }) => {
        const what = node?.className?.baseVal ?? node?.className ?? node?.textContent ?? '';
        return \`\${node?.nodeName}.\${what} \${from.y}+\${from.height} to \${to.y}+\${to.height}\`;
      });
      globalThis.layoutShifts.push({ value, moved });
    }
  }).observe({ type: 'layout-shift', buffered: true });`;

interface Shift {
  readonly value: number;
  /** What moved, for whoever has to mend it. */
  readonly moved: readonly string[];
}

/** All shifts that no input caused, since the page was opened. Wants {@link COUNT_SHIFTS}. */
export async function layoutShifts(page: Page): Promise<{ sum: number; moved: string[] }> {
  // Observers are told of a frame after it was drawn.
  const shifts = await page.evaluate(
    () =>
      new Promise<Shift[]>((resolve) => {
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            setTimeout(() => {
              const counted = globalThis as unknown as { layoutShifts: Shift[] };
              resolve(counted.layoutShifts);
            }),
          ),
        );
      }),
  );
  return {
    sum: shifts.reduce((sum, { value }) => sum + value, 0),
    moved: shifts.map(({ value, moved }) => `${value.toFixed(3)}: ${moved.join(' | ')}`),
  };
}

/** Whether a finger at its middle would meet it: in the window, and nothing lies over it. */
export const isInReach = (place: Locator): Promise<boolean> =>
  place.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    const met = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return isInside && (element === met || element.contains(met));
  });

/** Left, top, width and height in the window, in whole pixels. */
export const placeOf = (place: Locator): Promise<string> =>
  place.evaluate((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return [left, top, width, height].map(Math.round).join(' ');
  });
