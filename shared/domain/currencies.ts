import DIGITS from './currencies.json' with { type: 'json' };

/**
 * How many digits an amount has behind its decimal separator, by the code of each currency that is in
 * use and has a minor unit: of ISO 4217's list one of 2026-01-01 (infrastructure/tables/make-currencies.ts).
 */
export const MINOR_DIGITS: ReadonlyMap<string, number> = new Map(Object.entries(DIGITS));
