/** Many viewers on two processes while bids arrive steadily: when does each viewer know? */
import { setTimeout as pause } from 'node:timers/promises';
import { BidDelays } from './bid-delays.ts';
import { Crowd } from './crowd.ts';
import type { FanOutStage, Held } from './fan-out-stage.ts';

export interface UnderLoad {
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
const SETTLE_MS = 2_000;

export async function underLoad(
  stage: FanOutStage,
  load: Load,
  signal: AbortSignal,
): Promise<UnderLoad> {
  const { viewers, stalled, bidsPerSecond, seconds } = load;
  const nodes = [await stage.broadcaster('as-shipped'), await stage.broadcaster('as-shipped')];
  const auctionId = `a2-load${stalled}`;
  await stage.auctions.create(auctionId);
  const delays = new BidDelays(stage.auctions, auctionId, viewers);
  const crowd = await Crowd.gather(
    nodes.map(({ port }) => port),
    auctionId,
    viewers,
    (viewer, seq) => delays.arrived(viewer, seq),
  );
  await delays.bid(bidsPerSecond, WARM_UP_SECONDS, signal);
  crowd.stall(stalled);
  await pause(SETTLE_MS, undefined, { signal });
  await Promise.all(nodes.map((node) => node.held()));
  delays.startOver();
  const framesBefore = crowd.frames;
  await delays.bid(bidsPerSecond, seconds, signal);
  await delays.allHaveAll(stalled);
  const held = await Promise.all(nodes.map((node) => node.held()));
  const framesPerSecond = (crowd.frames - framesBefore) / seconds;
  const memory = await Promise.all(nodes.map((node) => node.memoryBytes()));
  crowd.leave();
  await stage.clear();
  return {
    p50Ms: delays.percentile(0.5),
    p99Ms: delays.percentile(0.99),
    maxMs: delays.percentile(1),
    framesPerSecond,
    held: held.filter((each) => each !== undefined),
    memoryBytes: memory.reduce((sum, bytes) => sum + bytes, 0),
  };
}
