/** What one fault did, and whether that is good; pure. */
import type { Latency } from '../crowd/ledger.ts';
import type { PeakMemory } from './peak-memory.ts';

export interface FaultResult {
  readonly fault: string;
  readonly auctionIds: readonly string[];
  readonly accepted: number;
  /** Refused, though the rules allow the bid. */
  readonly refused: number;
  readonly unknown: number;
  readonly lost: number;
  readonly duplicate: number;
  readonly altered: number;
  /** Until Postgres had everything that was accepted up to then. */
  readonly recoveryMs: number;
  readonly before: Latency;
  readonly during: Latency;
  readonly memory: Pick<PeakMemory, 'gatewayMiB' | 'workerMiB'>;
  /** Everything that was not as it must be, one line each. */
  readonly complaints: readonly string[];
}

export const isGood = (result: FaultResult): boolean => result.complaints.length === 0;

const COLUMNS: readonly (readonly [string, (result: FaultResult) => string])[] = [
  ['fault', ({ fault }) => fault],
  ['accepted', ({ accepted }) => whole(accepted)],
  ['refused', ({ refused }) => whole(refused)],
  ['unknown', ({ unknown }) => whole(unknown)],
  ['lost', ({ lost }) => whole(lost)],
  ['duplicate', ({ duplicate }) => whole(duplicate)],
  ['altered', ({ altered }) => whole(altered)],
  ['recovered', ({ recoveryMs }) => `${(recoveryMs / 1000).toFixed(1)} s`],
  ['p50 ms', ({ before, during }) => `${ms(before.p50Ms)} → ${ms(during.p50Ms)}`],
  ['p99 ms', ({ before, during }) => `${ms(before.p99Ms)} → ${ms(during.p99Ms)}`],
  ['gateway MiB', ({ memory }) => whole(memory.gatewayMiB)],
  ['worker MiB', ({ memory }) => whole(memory.workerMiB)],
  ['', (result) => (isGood(result) ? 'good' : 'BAD')],
];

/** The table, and below it what was wrong. Latencies are healthy → while the fault lasts. */
export function resultsText(results: readonly FaultResult[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    COLUMNS.map(() => '---'),
    ...results.map((result) => COLUMNS.map(([, text]) => text(result))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const table = rows.map((row) => {
    const cells = row.map((cell, i) => {
      const width = widths[i] ?? 0;
      if (cell === '---') return '-'.repeat(width);
      return i === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${cells.join(' | ')} |`;
  });
  return [...table, ...results.flatMap(complaintsText)].join('\n');
}

const SHOWN = 10;

function complaintsText({ fault, complaints }: FaultResult): string[] {
  const more = complaints.length - SHOWN;
  return [
    ...complaints.slice(0, SHOWN).map((complaint) => `${fault}: ${complaint}`),
    ...(more > 0 ? [`${fault}: and ${more} more`] : []),
  ];
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string =>
  Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 1 : 0);
