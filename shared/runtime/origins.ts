/**
 * Whether a request with this `Origin` header may be answered; `*` allows all. Browsers always send one
 * from another site's page; programs send none, and are let in.
 */
export const originAllowed = (origin: string | undefined, allowed: readonly string[]): boolean =>
  origin === undefined || allowed.includes('*') || allowed.includes(origin);
