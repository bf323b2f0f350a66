/** From single measurements to the figures of a report; pure. */
import { percentile } from '@outcry/shared/testing/percentile.ts';
import type { Point } from './raw-points.ts';

/** Times in milliseconds. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface Second {
  /** Seconds after the first measured bid. */
  readonly second: number;
  /** Of bids that were decided; null when there was none. */
  readonly bids: Latencies | null;
  /** From the decision to a viewer. */
  readonly viewers: Latencies | null;
}

/** An accepted bid as k6 was told of it. */
export interface AcceptedBid {
  /** Index of the auction. */
  readonly auction: number;
  readonly seq: number;
}

export interface Figures {
  /** When the measured bids began, ms since 1970. */
  readonly beganAt: number;
  readonly seconds: readonly Second[];
  readonly accepted: Latencies;
  readonly refused: Latencies;
  readonly viewers: Latencies;
  /** How many bids got each answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** Bids that were due and found no free bidder. */
  readonly dropped: number;
}

/** What comes out of one run's points: the figures, and what the reconciliation needs. */
export interface Reading {
  readonly figures: Figures;
  /** Of the warm-up too. */
  readonly acceptedBids: readonly AcceptedBid[];
  /** Bids of all phases whose outcome k6 was not told. */
  readonly unknown: number;
  /** Where viewers stood when they left. */
  readonly viewerEnds: readonly AcceptedBid[];
}

/** Answers that decide nothing. */
const isFailure = (answer: string): boolean =>
  ['NO_ANSWER', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'INTERNAL'].includes(answer) ||
  answer.startsWith('STATUS_5');

const times = (of: readonly { readonly ms: number }[]): number[] => of.map(({ ms }) => ms);

/** @throws Error when no bid was measured */
export async function readFigures(points: AsyncIterable<Point>): Promise<Reading> {
  const bids: { sentAt: number; ms: number; answer: string }[] = [];
  const views: { at: number; ms: number }[] = [];
  const acceptedBids: AcceptedBid[] = [];
  const viewerEnds: AcceptedBid[] = [];
  let unknown = 0;
  let dropped = 0;
  for await (const { metric, at, value, scenario, tags } of points) {
    const place = { auction: Number(tags.get('auction')), seq: value };
    if (metric === 'bid_seq') acceptedBids.push(place);
    else if (metric === 'viewer_final_seq') viewerEnds.push(place);
    else if (metric === 'bid_failed') unknown += value;
    else if (metric === 'viewer_ms') views.push({ at, ms: value });
    else if (metric === 'dropped_iterations' && scenario === 'main') dropped += value;
    else if (metric === 'bid_ms' && scenario === 'main') {
      bids.push({ sentAt: at - value, ms: value, answer: tags.get('answer') ?? '' });
    }
  }
  const first = bids.reduce((least, { sentAt }) => Math.min(least, sentAt), Infinity);
  if (first === Infinity) throw new Error('no bid was measured');
  const answers: Record<string, number> = {};
  for (const { answer } of bids) answers[answer] = (answers[answer] ?? 0) + 1;
  const decided = bids.filter(({ answer }) => !isFailure(answer));
  return {
    acceptedBids,
    viewerEnds,
    unknown,
    figures: {
      beganAt: first,
      seconds: bySecond(first, decided, views),
      accepted: latencies(times(bids.filter(({ answer }) => answer === 'accepted'))),
      refused: latencies(times(decided.filter(({ answer }) => answer !== 'accepted'))),
      viewers: latencies(times(views)),
      answers,
      dropped,
    },
  };
}

/** Bids belong to the second in which they were sent: a stall shows where it began. */
function bySecond(
  first: number,
  bids: readonly { sentAt: number; ms: number }[],
  views: readonly { at: number; ms: number }[],
): Second[] {
  const seconds: { bids: number[]; views: number[] }[] = [];
  const at = (time: number) => {
    const index = Math.max(0, Math.floor((time - first) / 1000));
    while (seconds.length <= index) seconds.push({ bids: [], views: [] });
    return seconds[index];
  };
  for (const { sentAt, ms } of bids) at(sentAt)?.bids.push(ms);
  for (const view of views) at(view.at - view.ms)?.views.push(view.ms);
  return seconds.map((each, second) => ({
    second,
    bids: each.bids.length === 0 ? null : latencies(each.bids),
    viewers: each.views.length === 0 ? null : latencies(each.views),
  }));
}

/** All 0 without a value. */
export function latencies(values: readonly number[]): Latencies {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => (sorted.length === 0 ? 0 : percentile(sorted, share));
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
