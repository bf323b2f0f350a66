const FIRST_MS = 50;

/** How long to wait after a failed attempt (1, 2, …): doubling, jittered, at most `mostMs`. */
export const retryDelayMs = (attempt: number, mostMs: number): number =>
  Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 16), mostMs) * (0.5 + Math.random() / 2);
