/**
 * Whether a connection with this `Origin` header may be made. Browsers always send one; programs
 * send none, and are let in.
 */
export const originAllowed = (origin: string | undefined, allowed: readonly string[]): boolean =>
  origin === undefined || allowed.includes('*') || allowed.includes(origin);
