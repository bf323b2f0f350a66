/** Viewers of one auction on some broadcasters: when do they know, and what does a message cost? */
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { BidDelays } from '../bench-fanout/bid-delays.ts';
import { Crowd } from '../bench-fanout/crowd.ts';
import { BENCH_SHARDS } from '../bench/part-options.ts';
import { residentMib } from '../bench/process-memory.ts';
import type { PointTime } from './bid-point.ts';
import { openCpuWindow } from './cpu-window.ts';
import type { PointFigures } from './point-figures.ts';
import type { ScalingStage } from './scaling-stage.ts';
import type { ViewerPoint } from './series.ts';

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

  const delays = new BidDelays(auctions, auctionId, viewers);
  const ports = running.map(({ port }) => port);
  const crowd = await Crowd.gather(ports, auctionId, viewers, (viewer, seq) =>
    delays.arrived(viewer, seq),
  );
  try {
    await delays.bid(bidsPerSecond, warmUpSeconds, signal);
    await delays.allHaveAll();
    delays.startOver();
    const framesBefore = crowd.frames;
    const close = openCpuWindow({
      broadcaster: running.map((broadcaster) => broadcaster.pid()),
      redis: [stage.redis.pid()],
      crowd: [process.pid],
    });
    await delays.bid(bidsPerSecond, seconds, signal);
    await delays.allHaveAll();
    const used = close();
    return {
      bidsPerSecond: (bidsPerSecond * seconds) / used.seconds,
      refusedShare: 0,
      p50Ms: delays.percentile(0.5),
      p99Ms: delays.percentile(0.99),
      cores: used.cores,
      busiest: used.busiest['broadcaster'] ?? 0,
      messagesPerSecond: (crowd.frames - framesBefore) / used.seconds,
      memoryMib: running.reduce((sum, each) => sum + residentMib(each.pid() ?? 0), 0),
    };
  } finally {
    crowd.leave();
  }
}
