/** What one fault did, and whether that is good; pure. */
import type { Latency } from '../crowd/ledger.ts';
import { firstOf, ms, table, whole } from '../tables.ts';

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
  /** Resident memory of the largest process of each kind while the fault lasted. */
  readonly memory: { readonly gatewayMiB: number; readonly workerMiB: number };
  /** Everything that was not as it must be, one line each. */
  readonly complaints: readonly string[];
}

export const isGood = (result: FaultResult): boolean => result.complaints.length === 0;

const SHOWN = 10;
const COUNTS = ['accepted', 'refused', 'unknown', 'lost', 'duplicate', 'altered'] as const;
const OTHERS = ['recovered', 'p50 ms', 'p99 ms', 'gateway MiB', 'worker MiB', ''];

/** The table, and below it what was wrong. Latencies are healthy → while the fault lasts. */
export function resultsText(results: readonly FaultResult[]): string {
  const rows = results.map((result) => {
    const { fault, before, during, memory, recoveryMs } = result;
    const times = [`${(recoveryMs / 1000).toFixed(1)} s`].concat(
      `${ms(before.p50Ms)} → ${ms(during.p50Ms)}`,
      `${ms(before.p99Ms)} → ${ms(during.p99Ms)}`,
    );
    const sizes = [whole(memory.gatewayMiB), whole(memory.workerMiB)];
    const verdict = isGood(result) ? 'good' : 'BAD';
    return [fault].concat(
      COUNTS.map((name) => whole(result[name])),
      times,
      sizes,
      verdict,
    );
  });
  const wrong = results.flatMap(({ fault, complaints }) =>
    firstOf(complaints, SHOWN).map((complaint) => `${fault}: ${complaint}`),
  );
  return [table(['fault', ...COUNTS, ...OTHERS], rows), ...wrong].join('\n');
}
