/** One bid over HTTP, and what is recorded about it. */
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
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

export interface Receipt {
  readonly seq: number;
  readonly result: 'leading' | 'outbid';
  readonly endsAt: string;
  readonly serverTime: string;
}

export interface Offer {
  readonly auction: number;
  /** Index of the bidder's token. */
  readonly bidder: number;
  readonly body: { readonly amount: number } | { readonly maxAmount: number };
  readonly key: string;
}

/** Places a bid. @returns its receipt, or undefined when it was not accepted */
export function placeBid({ auction, bidder, body, key }: Offer): Receipt | undefined {
  const response = http.post(
    `${gatewayOf(bidder)}/v1/auctions/${auctionIds[auction]}/bids`,
    JSON.stringify(body),
    {
      headers: {
        authorization: `Bearer ${tokens[bidder % tokens.length]}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      timeout: ANSWER_LIMIT,
    },
  );
  const { blocked, connecting, duration } = response.timings;
  const answer = answerOf(response.status, response.body);
  bidMs.add(blocked + connecting + duration, { answer });
  if (answer !== 'accepted') {
    if (response.status === 0 || response.status >= 500) bidFailed.add(1, { answer });
    return undefined;
  }
  const receipt = response.json() as unknown as Receipt;
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
export function risingBid(auction: number): Receipt | undefined {
  const { iterationInTest, name } = exec.scenario;
  const n = name === 'warm_up' ? iterationInTest : MOST_WARM_UP_BIDS + iterationInTest;
  const offered = FIRST_AMOUNT + n * AMOUNT_STEP;
  const exact = setup.bids === 'exact' || (setup.bids === 'both' && n % 2 === 0);
  return placeBid({
    auction,
    bidder: n,
    body: exact ? { amount: offered } : { maxAmount: offered },
    key: `${setup.run}-${n}`,
  });
}
