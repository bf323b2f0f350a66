/** A list of lots from a spreadsheet: read as a whole, with every mistake by its line; pure. */
import Papa from 'papaparse';
import type { ItemRequest } from '@outcry/shared/contracts/api.ts';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { EMPTY_FORM } from '../state/sell-form.ts';
import { readSellForm } from '../state/sell-request.ts';

/** As many as a sale may have (the gateway says SALE_FULL). */
const MAX_LOTS = 500;
const MAX_LOT_NUMBER = 9_999;
/** Amounts have a point, whatever the reader's own language writes. */
const LOCALE = 'en';

const TEXTS = [
  'title',
  'description',
  'imageUrl',
  'startPrice',
  'reservePrice',
  'buyNowPrice',
] as const;
const COLUMNS: ReadonlySet<string> = new Set([...TEXTS, 'lot']);
const NEEDED = ['title', 'startPrice'];

/** A line that can become a lot. */
export interface ListedLot {
  readonly line: number;
  /** Its number in the sale; undefined for the next one. */
  readonly lot: number | undefined;
  readonly item: ItemRequest;
  readonly startPrice: number;
  readonly reservePrice: number | undefined;
  readonly buyNowPrice: number | undefined;
}

export interface LineFault {
  /** Of the file, from 1, which is the header. */
  readonly line: number;
  readonly message: string;
}

export type LotListReading =
  | { readonly ok: true; readonly lots: readonly ListedLot[] }
  | { readonly ok: false; readonly faults: readonly LineFault[] };

/**
 * Reads a CSV file with a header.
 * @param nowMs by the server's clock
 */
export function readLotList(text: string, sale: SaleView, nowMs: number): LotListReading {
  const [header, ...rows] = rowsOf(text);
  const faults: LineFault[] = [];
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  for (const name of NEEDED.filter((needed) => !names.includes(needed))) {
    faults.push({ line: 1, message: `There is no column “${name}”.` });
  }
  for (const name of names.filter((given) => !COLUMNS.has(given))) {
    faults.push({ line: 1, message: `“${name}” is no column of a lot.` });
  }
  if (faults.length > 0) return { ok: false, faults };
  if (rows.length === 0) faults.push({ line: 1, message: 'There is no lot below the header.' });
  const free = MAX_LOTS - sale.lots.length;
  const tooMany = rows[free];
  if (tooMany !== undefined) {
    const message = `The sale has room for ${free} more lots, and there are ${rows.length}.`;
    faults.push({ line: tooMany.line, message });
  }
  const taken = new Map(sale.lots.map(({ lot }) => [lot, 'The sale has']));
  const lots = rows.flatMap((row) => readRow(row, names, sale.currency, nowMs, taken, faults));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, lots };
}

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
  readonly fault: string | undefined;
}

/** The rows that say something, each with the line on which it begins. */
function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let line = 1;
  let from = 0;
  Papa.parse<string[]>(text, {
    delimitersToGuess: [',', ';', '\t'],
    step: ({ data, errors, meta }) => {
      const fault = errors.find(({ type }) => type === 'Quotes');
      if (data.some((cell) => cell.trim() !== '')) {
        rows.push({ line, cells: data, fault: fault?.message });
      }
      line += text.slice(from, meta.cursor).match(/\r\n|\r|\n/gu)?.length ?? 0;
      from = meta.cursor;
    },
  });
  return rows;
}

function readRow(
  { line, cells, fault }: Row,
  names: readonly string[],
  currency: string,
  nowMs: number,
  taken: Map<number, string>,
  faults: LineFault[],
): ListedLot[] {
  const wrong = (message: string): ListedLot[] => {
    faults.push({ line, message });
    return [];
  };
  if (fault !== undefined) return wrong(`The quotes do not fit: ${fault}.`);
  if (cells.length > names.length) {
    return wrong(`There are ${cells.length} cells, but ${names.length} columns.`);
  }
  const cellOf = (name: string): string => cells[names.indexOf(name)]?.trim() ?? '';
  const number = cellOf('lot');
  const lot = /^[1-9]\d{0,3}$/u.test(number) ? Number(number) : undefined;
  if (number !== '' && lot === undefined) {
    wrong(`“${number}” is no lot number: they go from 1 to ${MAX_LOT_NUMBER}.`);
  }
  const holder = lot === undefined ? undefined : taken.get(lot);
  if (holder !== undefined) wrong(`${holder} lot ${lot} already.`);
  if (lot !== undefined) taken.set(lot, `Line ${line} is`);
  const form = { ...EMPTY_FORM, currency };
  const reading = readSellForm(
    Object.assign(form, Object.fromEntries(TEXTS.map((name) => [name, cellOf(name)]))),
    nowMs,
    LOCALE,
  );
  if (!reading.ok) {
    for (const [name, message] of Object.entries(reading.faults)) wrong(`${name}: ${message}`);
    return [];
  }
  const { item, startPrice, reservePrice, buyNowPrice } = reading.request;
  return [{ line, lot, item, startPrice, reservePrice, buyNowPrice }];
}
