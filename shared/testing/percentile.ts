/** @param share between 0 and 1 @returns the smallest value that this share of them does not exceed */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export type Latencies = ReturnType<typeof latencies>;

/** Times in milliseconds; all 0 without a value. */
export function latencies(values: readonly number[]) {
  const at = (share: number): number => (values.length === 0 ? 0 : percentile(values, share));
  return { count: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
