/** Amounts are integers in minor units (cents); the largest is 10^12. Never a float. */
export const MAX_AMOUNT = 1_000_000_000_000;

/** True for an integer amount of 1 to {@link MAX_AMOUNT} minor units. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_AMOUNT;
}
