/** One round of load: what the generator saw, beside what the processes used. */
import { openWindow, type Parts } from '../../system/process-use.ts';
import type { RoundFigures, RoundOptions } from '../measurement.ts';
import type { LoadResult } from './run-generator.ts';
import { runWrk, type RequestPlan } from './wrk.ts';

export interface LoadRound {
  readonly result: LoadResult;
  readonly cores: Readonly<Record<string, number>>;
}

/**
 * Loads the processes and reads what all programs used meanwhile.
 * @throws Error when connections broke, because then the figures mean nothing
 */
export async function roundOf(parts: Parts, load: () => Promise<LoadResult>): Promise<LoadRound> {
  const close = openWindow(parts);
  const result = await load();
  const { cores } = close(result.seconds);
  if (result.broken > 0) throw new Error(`${result.broken} connections broke or timed out`);
  return { result, cores };
}

/**
 * Sends the requests of some plans side by side, each on its share of the connections; a round goes
 * on where the last one ended.
 */
export function plannedLoad(plans: readonly RequestPlan[], parts: Parts) {
  let firstRequest = 0;
  return async (options: RoundOptions): Promise<LoadRound> => {
    const share = { ...options, connections: Math.ceil(options.connections / plans.length) };
    const runs = () => plans.map((plan) => runWrk(plan, share, firstRequest));
    const round = await roundOf(parts, async () => together(await Promise.all(runs())));
    // Requests that were under way at the end were sent too; no amount comes twice.
    firstRequest += round.result.answered + options.connections + 1;
    return round;
  };
}

/** Sums; of times the longest. */
const together = (results: readonly LoadResult[]): LoadResult =>
  results.reduce((all, each) => ({
    answered: all.answered + each.answered,
    refused: all.refused + each.refused,
    broken: all.broken + each.broken,
    seconds: Math.max(all.seconds, each.seconds),
    p50Ms: Math.max(all.p50Ms, each.p50Ms),
    p99Ms: Math.max(all.p99Ms, each.p99Ms),
  }));

/** Figures where `counted` of the answers are what is measured. @param more further figures */
export const figuresOf = (
  { result, cores }: LoadRound,
  counted: number,
  more: Readonly<Record<string, number>> = {},
): RoundFigures => ({
  perSecond: counted / result.seconds,
  cores,
  figures: {
    'p50 ms': result.p50Ms,
    'p99 ms': result.p99Ms,
    'other answers, %': (100 * (result.answered - counted)) / Math.max(1, result.answered),
    ...more,
  },
});
