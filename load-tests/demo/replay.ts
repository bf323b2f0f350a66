/** Replays real auctions through the running system, all at once. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isRefusalCode, type RefusalCode } from '@outcry/shared/domain/refusals.ts';
import { errorText } from '../command-line.ts';
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';
import type { TimeScale } from './time-scale.ts';
import type { DemoUsers } from './users.ts';

/** How far the replay is. */
export interface Progress {
  answered: number;
  opened: number;
  closed: number;
}

export interface Replayed {
  readonly ebay: EbayAuction;
  readonly auctionId: string;
  /** One answer a bid, in order. */
  readonly answers: readonly ('OK' | RefusalCode)[];
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
  /** Kept up to date. */
  readonly progress: Progress;
}

/** An auction that was created and now runs. */
interface Running {
  readonly ebay: EbayAuction;
  readonly auctionId: string;
  /** `performance.now()` at which its clock starts. */
  readonly startedAt: number;
}

const OPENED_AT_ONCE = 32;
const END_CHECK_MS = 250;
/** The keeper closes auctions on time; this is for the case that it is just being replaced. */
const END_WAIT_MS = 60_000;

/**
 * Opens the auctions, a bounded number at a time; each runs from its own start.
 * @returns those that came to their end, and one line for each of the others
 */
export async function replayAll(auctions: readonly EbayAuction[], tools: ReplayTools) {
  const { signal, progress } = tools;
  const stopped: string[] = [];
  const attempt = async <T>(ebay: EbayAuction, step: Promise<T>): Promise<T | undefined> => {
    try {
      return await step;
    } catch (error) {
      signal.throwIfAborted();
      stopped.push(`auction ${ebay.number}: stopped by ${errorText(error)}`);
      return undefined;
    }
  };
  const runs: Promise<Replayed | undefined>[] = [];
  await eachWithLimit(auctions, OPENED_AT_ONCE, async (ebay) => {
    const running = await attempt(ebay, open(ebay, tools));
    if (running === undefined) return;
    progress.opened += 1;
    const run = attempt(ebay, replay(running, tools)).finally(() => (progress.closed += 1));
    // Awaited below; until then a failure must not count as unnoticed.
    run.catch(() => undefined);
    runs.push(run);
  });
  const replayed = (await Promise.all(runs)).filter((each) => each !== undefined);
  return { replayed, stopped };
}

/** Creates the auction with eBay's terms: default increments, no soft close. */
async function open(ebay: EbayAuction, { users, scale, run }: ReplayTools): Promise<Running> {
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
  const { id: auctionId } = await users.seller.createAuction(request, options);
  return { ebay, auctionId, startedAt };
}

/**
 * Places the bids, each at its time and never before the one before has its answer, and waits for
 * the end.
 * @throws Error when a bid or the end gets no answer for a minute
 */
async function replay({ ebay, auctionId, startedAt }: Running, tools: ReplayTools) {
  const { users, scale, run, signal, progress } = tools;
  const pauseUntil = (ms: number): Promise<void> =>
    pause(Math.max(0, startedAt + ms - performance.now()), undefined, { signal });
  const answers: ('OK' | RefusalCode)[] = [];
  const acceptedSeqs: number[] = [];
  for (const [i, { atSeconds, bidder, maxAmount }] of ebay.bids.entries()) {
    await pauseUntil(scale.afterStartMs(atSeconds));
    const options = { idempotencyKey: `${run}-${ebay.number}-${i + 1}` };
    try {
      const { seq } = await users.bidder(bidder).bid(auctionId, { maxAmount }, options);
      answers.push('OK');
      acceptedSeqs.push(seq);
    } catch (error) {
      // Refusals are answers like any other; what is no decision ends the replay.
      if (!(error instanceof OutcryError) || !isRefusalCode(error.code)) throw error;
      answers.push(error.code);
    }
    progress.answered += 1;
  }
  await pauseUntil(scale.durationSeconds(ebay.days) * 1000);
  const giveUpAt = performance.now() + END_WAIT_MS;
  let final = await users.seller.auction(auctionId);
  while (final.status !== 'ended' && performance.now() < giveUpAt) {
    await pause(END_CHECK_MS, undefined, { signal });
    final = await users.seller.auction(auctionId);
  }
  return { ebay, auctionId, answers, acceptedSeqs, final };
}
