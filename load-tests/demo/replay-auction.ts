/** One real auction replayed through the running system. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { AuctionView, BidReceipt } from '@outcry/shared/contracts/api.ts';
import type { ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { isRefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { DemoUsers } from './demo-users.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';
import { patiently } from './patience.ts';
import type { TimeScale } from './time-scale.ts';

/** An auction that was created and now runs. */
export interface Running {
  readonly ebay: EbayAuction;
  readonly auctionId: string;
  /** `performance.now()` at which its clock starts. */
  readonly startedAt: number;
}

export interface Replayed {
  readonly ebay: EbayAuction;
  readonly auctionId: string;
  /** One answer a bid, in order. */
  readonly answers: readonly ('OK' | ProblemCode)[];
  /** Where each accepted bid stands in the auction's history. */
  readonly acceptedSeqs: readonly number[];
  /** The auction after its end. */
  readonly final: AuctionView;
}

export interface ReplayTools {
  readonly users: DemoUsers;
  readonly scale: TimeScale;
  /** Unique to this run; part of every idempotency key. */
  readonly run: string;
  readonly signal: AbortSignal;
  /** Called for every bid that has its answer. */
  readonly onAnswer: (code: 'OK' | ProblemCode) => void;
}

const END_CHECK_MS = 250;
/** The keeper closes auctions on time; this is for the case that it is just being replaced. */
const END_WAIT_MS = 60_000;

/** Creates the auction with eBay's terms: default increments, no soft close. */
export async function openAuction(ebay: EbayAuction, tools: ReplayTools): Promise<Running> {
  const { users, scale, run, signal } = tools;
  // Taken before the call: if its answer is lost, the auction may run from here on.
  const startedAt = performance.now();
  const request = {
    item: { title: `${ebay.item} (eBay auction ${ebay.number})` },
    currency: 'USD',
    startPrice: ebay.startPrice,
    ...(ebay.reservePrice === undefined ? {} : { reservePrice: ebay.reservePrice }),
    durationSeconds: scale.durationSeconds(ebay.days),
    softClose: null,
  };
  const options = { idempotencyKey: `${run}-${ebay.number}-create` };
  const { id } = await patiently(() => users.seller.createAuction(request, options), signal);
  return { ebay, auctionId: id, startedAt };
}

/**
 * Places the bids, each at its time and never before the one before has its answer, and waits for
 * the end.
 * @throws Error when a bid or the end gets no answer for a minute
 */
export async function replayAuction(running: Running, tools: ReplayTools): Promise<Replayed> {
  const { ebay, auctionId, startedAt } = running;
  const { users, scale, run, signal, onAnswer } = tools;
  const answers: ('OK' | ProblemCode)[] = [];
  const acceptedSeqs: number[] = [];
  for (const [i, { atSeconds, bidder, maxAmount }] of ebay.bids.entries()) {
    await pauseUntil(startedAt + scale.afterStartMs(atSeconds), signal);
    const options = { idempotencyKey: `${run}-${ebay.number}-${i + 1}` };
    const client = users.bidder(bidder);
    const answer = await codeOf(
      patiently(() => client.bid(auctionId, { maxAmount }, options), signal),
    );
    answers.push(answer.code);
    if (answer.receipt !== undefined) acceptedSeqs.push(answer.receipt.seq);
    onAnswer(answer.code);
  }
  await pauseUntil(startedAt + scale.durationSeconds(ebay.days) * 1000, signal);
  return { ebay, auctionId, answers, acceptedSeqs, final: await ended(auctionId, tools) };
}

interface BidAnswer {
  readonly code: 'OK' | ProblemCode;
  readonly receipt?: BidReceipt;
}

/** Refusals are answers like any other; what is no decision is thrown. */
async function codeOf(bid: Promise<BidReceipt>): Promise<BidAnswer> {
  try {
    return { code: 'OK', receipt: await bid };
  } catch (error) {
    if (error instanceof OutcryError && isRefusalCode(error.code)) return { code: error.code };
    throw error;
  }
}

async function ended(auctionId: string, { users, signal }: ReplayTools): Promise<AuctionView> {
  const until = performance.now() + END_WAIT_MS;
  for (;;) {
    const auction = await patiently(() => users.seller.auction(auctionId), signal);
    if (auction.status === 'ended' || performance.now() > until) return auction;
    await pause(END_CHECK_MS, undefined, { signal });
  }
}

async function pauseUntil(time: number, signal: AbortSignal): Promise<void> {
  const leftMs = time - performance.now();
  if (leftMs > 0) await pause(leftMs, undefined, { signal });
}
