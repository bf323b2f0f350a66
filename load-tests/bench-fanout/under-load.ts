/** Many viewers on two processes while bids arrive steadily: when does each viewer know? */
import { setTimeout as pause } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import type { FanOutStage, Held } from './fan-out-stage.ts';

export interface UnderLoad {
  readonly bids: number;
  /** From the answer to a bid until a viewer has a state with it, over all bids and viewers. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly framesPerSecond: number;
  readonly held: readonly Held[];
  /** Memory of both processes at the end. */
  readonly memoryBytes: number;
}

export interface Load {
  readonly viewers: number;
  /** So many of the viewers stop reading before the first bid counts. */
  readonly stalled: number;
  readonly bidsPerSecond: number;
  readonly seconds: number;
}

const WARM_UP_SECONDS = 3;
const MAX_MS = 60_000;
const SETTLE_MS = 2_000;

export async function underLoad(stage: FanOutStage, load: Load): Promise<UnderLoad> {
  const { viewers, stalled, bidsPerSecond, seconds } = load;
  const nodes = [await stage.broadcaster('as-shipped'), await stage.broadcaster('as-shipped')];
  const auctionId = `a2-load${stalled}`;
  await stage.auctions.create(auctionId);
  const answeredAt: number[] = [];
  const upTo = new Uint32Array(viewers);
  const delays = new Uint32Array(MAX_MS);
  let countFrom = Infinity;
  const crowd = await Crowd.gather(
    nodes.map(({ port }) => port),
    auctionId,
    viewers,
    (viewer, seq) => {
      const now = performance.now();
      const from = Math.max(upTo[viewer] ?? 0, countFrom) + 1;
      for (let each = from; each <= seq; each += 1) {
        // A viewer may know before the bidder has the answer.
        const ms = Math.max(0, Math.round(now - (answeredAt[each] ?? now)));
        delays[Math.min(ms, MAX_MS - 1)] = (delays[Math.min(ms, MAX_MS - 1)] ?? 0) + 1;
      }
      upTo[viewer] = seq;
    },
  );
  let seq = 2;
  const bidFor = async (duration: number): Promise<void> => {
    const begin = performance.now();
    for (let i = 0; i < duration * bidsPerSecond; i += 1) {
      await pause(Math.max(0, begin + (i * 1_000) / bidsPerSecond - performance.now()));
      seq += 1;
      await stage.auctions.bid(auctionId, { userId: `u${seq % 2}`, amount: 10_000 * seq });
      answeredAt[seq] = performance.now();
    }
  };
  await bidFor(WARM_UP_SECONDS);
  crowd.stall(stalled);
  await pause(SETTLE_MS);
  await Promise.all(nodes.map((node) => node.held()));
  countFrom = seq;
  const framesBefore = crowd.frames;
  await bidFor(seconds);
  const lastSeq = seq;
  for (let waited = 0; !upTo.subarray(stalled).every((each) => each === lastSeq); waited += 1) {
    if (waited > 100) throw new Error('not all viewers have the last bid');
    await pause(100);
  }
  const held = await Promise.all(nodes.map((node) => node.held()));
  const framesPerSecond = (crowd.frames - framesBefore) / seconds;
  const memory = await Promise.all(nodes.map((node) => node.memoryBytes()));
  crowd.leave();
  await stage.clear();
  return {
    bids: lastSeq - countFrom,
    p50Ms: percentile(delays, 0.5),
    p99Ms: percentile(delays, 0.99),
    maxMs: percentile(delays, 1),
    framesPerSecond,
    held: held.filter((each) => each !== undefined),
    memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** @param counts how often each whole number was seen */
function percentile(counts: Uint32Array, share: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [value, count] of counts.entries()) {
    seen += count;
    if (seen >= all * share && seen > 0) return value;
  }
  return 0;
}
