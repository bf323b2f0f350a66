/** From single measurements to the figures of a report; pure. */
import { percentile } from '@outcry/shared/testing/percentile.ts';

/** Times in milliseconds. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
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
  readonly accepted: Latencies;
  readonly refused: Latencies;
  /** How many bids got each answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** Bids that were due and found no free bidder. */
  readonly dropped: number;
}

export interface TimedBid {
  /** ms since 1970. */
  readonly sentAt: number;
  readonly ms: number;
  readonly answer: string;
}

/** What comes out of one run's points: the figures, and what the reconciliation needs. */
export interface Reading {
  readonly figures: Figures;
  /** Of the warm-up too. */
  readonly acceptedBids: readonly AcceptedBid[];
  /** Bids of all phases whose outcome k6 was not told. */
  readonly unknown: number;
  /** Bids that were measured and decided. */
  readonly decided: readonly TimedBid[];
}

/** Answers that decide nothing. */
const isFailure = (answer: string): boolean =>
  ['NO_ANSWER', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'INTERNAL'].includes(answer) ||
  answer.startsWith('STATUS_5');

const times = (of: readonly { readonly ms: number }[]): number[] => of.map(({ ms }) => ms);

/** k6's single measurements, in the order of its CSV file. @throws Error when no bid was measured */
export async function readFigures(lines: AsyncIterable<string>): Promise<Reading> {
  const bids: TimedBid[] = [];
  const acceptedBids: AcceptedBid[] = [];
  let unknown = 0;
  let dropped = 0;
  let read: ((line: string) => Record<Column, string>) | undefined;
  for await (const line of lines) {
    if (read === undefined) {
      read = reader(line);
      continue;
    }
    const { metric_name: metric, timestamp, metric_value, scenario, extra_tags } = read(line);
    const value = Number(metric_value);
    const tags = new URLSearchParams(extra_tags);
    if (metric === 'bid_seq') {
      acceptedBids.push({ auction: Number(tags.get('auction')), seq: value });
    } else if (metric === 'bid_failed') unknown += value;
    else if (metric === 'dropped_iterations' && scenario === 'main') dropped += value;
    else if (metric === 'bid_ms' && scenario === 'main') {
      bids.push({ sentAt: Number(timestamp) - value, ms: value, answer: tags.get('answer') ?? '' });
    }
  }
  const beganAt = bids.reduce((least, { sentAt }) => Math.min(least, sentAt), Infinity);
  if (beganAt === Infinity) throw new Error('no bid was measured');
  const answers: Record<string, number> = {};
  for (const { answer } of bids) answers[answer] = (answers[answer] ?? 0) + 1;
  const decided = bids.filter(({ answer }) => !isFailure(answer));
  return {
    acceptedBids,
    unknown,
    decided,
    figures: {
      beganAt,
      accepted: latencies(times(bids.filter(({ answer }) => answer === 'accepted'))),
      refused: latencies(times(decided.filter(({ answer }) => answer !== 'accepted'))),
      answers,
      dropped,
    },
  };
}

type Column = (typeof COLUMNS)[number];
const COLUMNS = ['metric_name', 'timestamp', 'metric_value', 'scenario', 'extra_tags'] as const;

/** @param header the first line: system tags stand between the value and the extra tags */
function reader(header: string): (line: string) => Record<Column, string> {
  const places = COLUMNS.map((name) => [name, header.split(',').indexOf(name)] as const);
  const missing = places.find(([, place]) => place === -1);
  if (missing !== undefined) throw new Error(`k6's CSV has no column ${missing[0]}: ${header}`);
  return (line) => {
    const cells = line.split(',');
    const entries = places.map(([name, place]) => [name, cells[place] ?? '']);
    return Object.fromEntries(entries) as Record<Column, string>;
  };
}

/** Of the bids that were sent between two times, ms since 1970. */
export const latenciesBetween = (bids: readonly TimedBid[], from: number, to: number): Latencies =>
  latencies(times(bids.filter(({ sentAt }) => sentAt >= from && sentAt < to)));

/** All 0 without a value. */
export function latencies(values: readonly number[]): Latencies {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => (sorted.length === 0 ? 0 : percentile(sorted, share));
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
