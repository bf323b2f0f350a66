/** Many viewers on two processes while bids arrive steadily: when does each viewer know? */
import { setTimeout as pause } from 'node:timers/promises';
import { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import { openWindow, residentMib } from '../../system/process-use.ts';
import type { Measurement } from '../measurement.ts';
import { auctionsOn, broadcasterOn, type Held } from './fan-out-stage.ts';

const VIEWERS = 10_000;
const BIDS_PER_SECOND = 50;
const SETTLE_MS = 2_000;

/** @param stalledShare so many of the viewers stop reading before the first bid */
const underLoad = (
  about: Pick<Measurement, 'name' | 'title' | 'comparedTo' | 'shouldBe'>,
  stalledShare: number,
): Measurement => ({
  ...about,
  counts: 'messages to viewers',
  async prepare(bed, { viewers = VIEWERS, signal }) {
    const auctionId = `a2-${about.name}`;
    const nodes = [
      await broadcasterOn(bed, `${about.name}-1`, 'as-shipped'),
      await broadcasterOn(bed, `${about.name}-2`, 'as-shipped'),
    ];
    const auctions = await auctionsOn(bed);
    await auctions.create(auctionId);
    const ports = nodes.map(({ server }) => server.port);
    const crowd = await ViewerCrowd.gather(ports, auctionId, viewers);
    bed.onClose(() => crowd.leave());
    const stalled = Math.ceil(viewers * stalledShare);
    crowd.stall(stalled);
    await pause(SETTLE_MS, undefined, { signal });
    return async (options) => {
      await Promise.all(nodes.map((node) => node.held()));
      crowd.startOver();
      const framesBefore = crowd.frames;
      const pids = nodes.map(({ server }) => server.pid());
      const close = openWindow({ broadcasters: pids, crowd: [process.pid] });
      await crowd.bidSteadily(auctions, BIDS_PER_SECOND, options.seconds, options.signal);
      const { cores, seconds } = close();
      const frames = crowd.frames - framesBefore;
      await crowd.haveLast(viewers - stalled);
      const held = await Promise.all(nodes.map((node) => node.held()));
      const longest = (read: (one: Held) => number): number => Math.max(...held.map(read));
      return {
        perSecond: frames / seconds,
        cores,
        figures: {
          'p50 ms': crowd.delay(0.5),
          'p99 ms': crowd.delay(0.99),
          'longest ms': crowd.delay(1),
          'event loop held, longest ms': longest(({ maxMs }) => maxMs),
          'the same in CPU time, ms': longest(({ maxCpuMs }) => maxCpuMs),
          'event loop held, p99 ms': longest(({ p99Ms }) => p99Ms),
          'garbage collection, longest ms': longest(({ longestGcMs }) => longestGcMs),
          'memory of both, MiB': pids.map(residentMib).reduce((sum, mib) => sum + mib, 0),
        },
      };
    };
  },
});

export const loadMeasurements: readonly Measurement[] = [
  underLoad(
    {
      name: 'fan-out-load',
      title: `two broadcasters as shipped, ${VIEWERS.toLocaleString('en')} viewers, ${BIDS_PER_SECOND} bids/s; from a bid's answer to a viewer`,
      shouldBe: { 'p99 ms': 'below 150', 'event loop held, longest ms': 'at most 25' },
    },
    0,
  ),
  underLoad(
    {
      name: 'fan-out-stalled',
      title: 'the same while one viewer in a hundred does not read; of the others',
      comparedTo: 'fan-out-load',
      shouldBe: { 'p99 ms': 'at most 1.2' },
    },
    0.01,
  ),
];
