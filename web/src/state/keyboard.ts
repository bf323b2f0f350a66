/**
 * The keyboard on the screen. Where it does not shrink the page (Safari) it lies over what is fixed
 * at the window's bottom; that is lifted above it by the style property `--keyboard`.
 */

interface Seen {
  readonly height: number;
  readonly offsetTop: number;
  readonly scale: number;
}

/** How many pixels of the page's bottom are covered; a page that was zoomed into is covered by nothing. */
export function coveredBelow({ height, offsetTop, scale }: Seen, pageHeight: number): number {
  const isZoomed = scale > 1.01;
  return isZoomed ? 0 : Math.max(0, Math.round(pageHeight - height - offsetTop));
}

/** Keeps `--keyboard` true for as long as the page lives. */
export function followKeyboard(): void {
  const seen = globalThis.visualViewport;
  if (seen === null) return;
  const follow = (): void => {
    const covered = coveredBelow(seen, innerHeight);
    document.documentElement.style.setProperty('--keyboard', `${covered}px`);
  };
  seen.addEventListener('resize', follow);
  seen.addEventListener('scroll', follow);
}
