/** How bids are spread over time, one of them over HTTP, what is recorded, and limits of all scenarios. */
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import type { Options, Scenario } from 'k6/options';
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import { auctionIds, setup, tokens } from './setup.ts';

/** From the moment at which the bid was due until its answer, tagged with the answer's code. */
const bidMs = new Trend('bid_ms', true);
/** The place of an accepted bid in its auction, for the reconciliation. */
const bidSeq = new Trend('bid_seq');
/** Answers that decide nothing: 503, a lost connection, no answer in time. */
const bidFailed = new Counter('bid_failed');

const ANSWER_LIMIT = '10s';
const FIRST_AMOUNT = 1_000;
/** Two bids may overtake each other on their way: a maximum bid is then still accepted. */
const AMOUNT_STEP = 10;
/** The warm-up's bids are lower than all that follow. */
const MOST_WARM_UP_BIDS = 1_000_000;

/**
 * Places a bid. @param auction, bidder index of the auction's id, of the bidder's token
 * @returns its receipt, or undefined when it was not accepted
 */
export function placeBid(
  auction: number,
  bidder: number,
  body: { readonly amount: number } | { readonly maxAmount: number },
  key: string,
) {
  const url = `${gatewayOf(bidder)}/v1/auctions/${auctionIds[auction]}/bids`;
  const headers = {
    authorization: `Bearer ${tokens[bidder % tokens.length]}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  };
  const response = http.post(url, JSON.stringify(body), { headers, timeout: ANSWER_LIMIT });
  const { blocked, connecting, duration } = response.timings;
  const answer = answerOf(response.status, response.body);
  bidMs.add(blocked + connecting + duration, { answer });
  if (answer !== 'accepted') {
    if (response.status === 0 || response.status >= 500) bidFailed.add(1, { answer });
    return undefined;
  }
  const receipt = response.json() as unknown as BidReceipt;
  bidSeq.add(receipt.seq, { auction: String(auction) });
  return receipt;
}

/** The next round of an auction comes through the next gateway. */
function gatewayOf(n: number): string {
  const { gatewayUrls } = setup;
  const turn = n + Math.floor(n / auctionIds.length);
  return gatewayUrls[turn % gatewayUrls.length] ?? '';
}

function answerOf(status: number, body: unknown): string {
  if (status === 201) return 'accepted';
  if (status === 0 || typeof body !== 'string') return 'NO_ANSWER';
  try {
    return (JSON.parse(body) as { code: string }).code;
  } catch {
    return `STATUS_${status}`;
  }
}

/** The next higher bid on an auction, by another user than the one before. */
export function risingBid(auction: number) {
  const { iterationInTest, name } = exec.scenario;
  const n = name === 'warm_up' ? iterationInTest : MOST_WARM_UP_BIDS + iterationInTest;
  const offered = FIRST_AMOUNT + n * AMOUNT_STEP;
  const exact = setup.bids === 'exact' || (setup.bids === 'both' && n % 2 === 0);
  const body = exact ? { amount: offered } : { maxAmount: offered };
  return placeBid(auction, n, body, `${setup.run}-${n}`);
}

/**
 * Open model: bids are due at a fixed rate, whether or not the ones before were answered. A system
 * that stalls for a second then shows a second of late answers. In a closed model, where each
 * bidder waits for the last answer before the next bid, it would show one late answer for each
 * bidder, and the bids that were never sent would not count (coordinated omission). Bids that find
 * no free bidder are counted as `dropped_iterations`, which a threshold forbids.
 */
const open = (rate: number, seconds: number): Scenario => ({
  executor: 'constant-arrival-rate',
  rate,
  timeUnit: '1s',
  duration: `${seconds}s`,
  preAllocatedVUs: setup.vus,
  maxVUs: setup.vus,
  gracefulStop: '15s',
});

/** To see how much the system takes; its latency says little, see {@link open}. */
const closed = (seconds: number): Scenario => ({
  executor: 'constant-vus',
  vus: setup.vus,
  duration: `${seconds}s`,
  gracefulStop: '15s',
});

const load = (seconds: number): Scenario =>
  setup.model === 'open' ? open(setup.rate, seconds) : closed(seconds);

/** Bids of the scenario's function `bid`: a warm-up, then what is measured. */
export const bidding = ({
  startsAfterMs = setup.warmUpSeconds * 1000,
  lastsSeconds = setup.seconds,
} = {}) => ({
  warm_up: { ...load(setup.warmUpSeconds), exec: 'bid' },
  main: { ...load(lastsSeconds), exec: 'bid', startTime: `${startsAfterMs}ms` },
});

/** Limits for two cores that the load, the servers and the services share. */
export const BID_LIMITS: NonNullable<Options['thresholds']> = {
  'bid_ms{scenario:main,answer:accepted}': ['p(95)<250', 'p(99)<750'],
  // Every bid gets a decision.
  bid_failed: ['count==0'],
  // Every bid is sent when it is due.
  'dropped_iterations{scenario:main}': ['count==0'],
};

/** What k6 prints at the end; the raw data goes to a file. */
export const SUMMARY: Options = {
  summaryTrendStats: ['count', 'min', 'med', 'p(95)', 'p(99)', 'max'],
  discardResponseBodies: false,
};
