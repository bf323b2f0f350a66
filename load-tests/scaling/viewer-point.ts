/** Viewers of one auction on some broadcasters: when do they know, and what does a message cost? */
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { Crowd } from '../bench-fanout/crowd.ts';
import { BENCH_SHARDS } from '../bench/part-options.ts';
import { residentMib } from '../experiment/sample-system.ts';
import type { PointTime } from './bid-point.ts';
import { openCpuWindow } from './cpu-window.ts';
import type { PointFigures } from './point-figures.ts';
import type { ScalingStage } from './scaling-stage.ts';
import type { ViewerPoint } from './series.ts';

const ARRIVED_WITHIN_MS = 10_000;
/** The events of an auction that is open and has no bid: created, started. */
const OPENING = 2;
let auctionNumber = 0;

/**
 * Bids are made with the decide script, without a gateway; the viewers are in this process, on the
 * same machine.
 * @throws Error when a viewer does not get to the last bid
 */
export async function viewerPoint(
  stage: ScalingStage,
  { broadcasters, viewers, bidsPerSecond }: ViewerPoint,
  { warmUpSeconds, seconds, signal }: PointTime,
): Promise<PointFigures> {
  await stage.gateways(0);
  const running = await stage.broadcasters(broadcasters);
  const auctions = new ScriptedAuctions(stage.connection, BENCH_SHARDS);
  auctionNumber += 1;
  const auctionId = `a1-viewers-${auctionNumber}`;
  await auctions.create(auctionId);

  const answeredAt: number[] = [];
  const upTo = new Uint32Array(viewers).fill(OPENING);
  const delaysUs = createHistogram();
  let countFrom = Infinity;
  const ports = running.map(({ port }) => port);
  const crowd = await Crowd.gather(ports, auctionId, viewers, (viewer, seq) => {
    const now = performance.now();
    for (let each = Math.max(upTo[viewer] ?? 0, countFrom) + 1; each <= seq; each += 1) {
      // A viewer may know before the bidder has the answer.
      const us = (now - (answeredAt[each] ?? now)) * 1000;
      delaysUs.record(Math.max(1, Math.round(us)));
    }
    upTo[viewer] = Math.max(upTo[viewer] ?? 0, seq);
  });
  let seq = OPENING;
  const bidFor = async (duration: number): Promise<void> => {
    const begin = performance.now();
    for (let i = 0; i < duration * bidsPerSecond; i += 1) {
      await pause(Math.max(0, begin + (i * 1000) / bidsPerSecond - performance.now()), undefined, {
        signal,
      });
      seq += 1;
      await auctions.bid(auctionId, { userId: `u${seq % 2}`, amount: 10_000 * seq });
      answeredAt[seq] = performance.now();
    }
  };
  const allArrived = () =>
    waitUntil(() => upTo.every((each) => each === seq), {
      withinMs: ARRIVED_WITHIN_MS,
      what: `that all ${viewers} viewers have seq ${seq}`,
    });
  try {
    await bidFor(warmUpSeconds);
    await allArrived();
    countFrom = seq;
    const framesBefore = crowd.frames;
    const close = openCpuWindow({
      broadcaster: running.map((broadcaster) => broadcaster.pid()),
      redis: [stage.redis.pid()],
      crowd: [process.pid],
    });
    await bidFor(seconds);
    await allArrived();
    const used = close();
    return {
      bidsPerSecond: (seq - countFrom) / used.seconds,
      refusedShare: 0,
      p50Ms: delaysUs.percentile(50) / 1000,
      p99Ms: delaysUs.percentile(99) / 1000,
      cores: used.cores,
      busiest: used.busiest['broadcaster'] ?? 0,
      messagesPerSecond: (crowd.frames - framesBefore) / used.seconds,
      memoryMib: running.reduce((sum, each) => sum + residentMib(each.pid() ?? 0), 0),
    };
  } finally {
    crowd.leave();
  }
}
