/** Tables as CSV (RFC 4180) that a spreadsheet opens without running anything. */
import { MINOR_DIGITS } from '../domain/currencies.ts';

type Cell = string | number | boolean | null | undefined;

export interface Table<Row> {
  readonly columns: readonly (keyof Row & string)[];
  /** Those of `columns` that are minor units of the row's `currency`. */
  readonly money: readonly (keyof Row & string)[];
}

/** Spreadsheets take a file without it for one in an older encoding. */
const BYTE_ORDER_MARK = '\uFEFF';
const LINE_END = '\r\n';
/** What begins a formula, as OWASP lists it ("CSV injection"), in its wide forms too. */
const BEGINS_FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/u;

/** A head line, and the rows of each list as one piece. */
export async function* csvText<Row extends { readonly currency: string }>(
  { columns, money }: Table<Row>,
  lists: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string, void, void> {
  yield `${BYTE_ORDER_MARK}${columns.join(',')}${LINE_END}`;
  const isMoney = new Set<string>(money);
  for await (const list of lists) {
    let piece = '';
    for (const row of list) {
      const cells = columns.map((name) => {
        const value = row[name] as Cell;
        return typeof value === 'number' && isMoney.has(name)
          ? decimalText(value, row.currency)
          : cellText(value);
      });
      piece += cells.join(',') + LINE_END;
    }
    yield piece;
  }
}

/** Text in quotes, harmless where it would begin a formula; numbers as they are. */
export function cellText(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return `${value}`;
  const harmless = BEGINS_FORMULA.test(value) ? `'${value}` : value;
  return `"${harmless.replaceAll('"', '""')}"`;
}

/** An amount with a point and all digits of its currency. @param amount minor units */
export function decimalText(amount: number, currency: string): string {
  const digits = MINOR_DIGITS.get(currency) ?? 0;
  if (digits === 0) return `${amount}`;
  const text = `${amount}`.padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
