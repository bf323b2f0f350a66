/** Scrolls a page back to where it was, as soon as it is long enough again. */

/** A page that is still short after this has become shorter. */
const LONGEST_MS = 3_000;
const HAND = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const;

let stop: () => void = () => undefined;

/** Who scrolls by hand meanwhile, or goes on, is left alone. @param y pixels from the top */
export function keepScrolling(y: number): void {
  stop();
  const until = performance.now() + LONGEST_MS;
  let frame = requestAnimationFrame(function look() {
    const isLongEnough = document.documentElement.scrollHeight - innerHeight >= y;
    if (isLongEnough || performance.now() > until) {
      stop();
      scrollTo({ top: y, behavior: 'instant' });
    } else {
      frame = requestAnimationFrame(look);
    }
  });
  stop = () => {
    cancelAnimationFrame(frame);
    for (const event of HAND) removeEventListener(event, stopScrolling);
    stop = () => undefined;
  };
  for (const event of HAND) addEventListener(event, stopScrolling, { passive: true });
}

export function stopScrolling(): void {
  stop();
}
