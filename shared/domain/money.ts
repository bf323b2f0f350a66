/** Amounts are integers in minor units (cents); the largest is 10^12. Never a float. */
export const MAX_AMOUNT = 1_000_000_000_000;
