/** One row of an increment table: from this price (minor units) a new bid must add `by`. */
export interface IncrementRow {
  readonly from: number;
  readonly by: number;
}

/** Rows by rising `from`; the first row starts at 0. */
export type IncrementTable = readonly IncrementRow[];

export const MAX_INCREMENT_ROWS = 32;

/** eBay's table in cents, the default. Source: eBay help, "Automatic bidding", bid increments. */
export const DEFAULT_INCREMENTS: IncrementTable = [
  { from: 0, by: 5 },
  { from: 100, by: 25 },
  { from: 500, by: 50 },
  { from: 2_500, by: 100 },
  { from: 10_000, by: 250 },
  { from: 25_000, by: 500 },
  { from: 50_000, by: 1_000 },
  { from: 100_000, by: 2_500 },
  { from: 250_000, by: 5_000 },
  { from: 500_000, by: 10_000 },
];

/** The increment that applies at `price`: the `by` of the last row that starts at or below it. */
export function incrementAt(table: IncrementTable, price: number): number {
  let increment = 0;
  for (const row of table) {
    if (row.from > price) break;
    increment = row.by;
  }
  return increment;
}

/** Why a table cannot be used, or undefined when it can. */
export function incrementTableFault(table: IncrementTable): string | undefined {
  if (table.length === 0 || table.length > MAX_INCREMENT_ROWS) {
    return `must have 1 to ${MAX_INCREMENT_ROWS} rows`;
  }
  if (table[0]?.from !== 0) return 'the first row must start at 0';
  const rising = table.every((row, i) => i === 0 || row.from > (table[i - 1]?.from ?? Infinity));
  return rising ? undefined : 'rows must be in rising order of "from"';
}
