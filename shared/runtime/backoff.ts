/**
 * How long to wait before something that failed is tried again: twice as long after each failure,
 * and anything down to half of that, so that those who failed together do not come back together.
 * @param failures in a row: 1 after the first
 * @param firstMs the longest pause after the first failure
 * @param mostMs the longest pause of all
 * @param random 0 to 1; 1 for no jitter
 * @returns ms, not whole
 */
export const backoffMs = (
  failures: number,
  firstMs: number,
  mostMs: number,
  random = Math.random(),
): number => Math.min(firstMs * 2 ** Math.min(failures - 1, 30), mostMs) * (0.5 + random / 2);
