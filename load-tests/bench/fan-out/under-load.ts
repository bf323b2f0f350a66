/** Many viewers on two processes while bids arrive steadily: when does each viewer know? */
import { setTimeout as pause } from 'node:timers/promises';
import { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import type { Measurement } from '../measurement.ts';
import { auctionsOn, broadcasterOn, steadyBids } from './fan-out-stage.ts';

const VIEWERS = 10_000;
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
    await (await auctionsOn(bed)).create(auctionId);
    const ports = nodes.map(({ server }) => server.port);
    const crowd = await ViewerCrowd.gather(ports, auctionId, viewers);
    bed.onClose(() => crowd.leave());
    const stalled = Math.ceil(viewers * stalledShare);
    crowd.stall(stalled);
    await pause(SETTLE_MS, undefined, { signal });
    return (options) => steadyBids(bed, nodes, crowd, options, viewers - stalled);
  },
});

export const loadMeasurements: readonly Measurement[] = [
  underLoad(
    {
      name: 'fan-out-load',
      title: `two broadcasters as shipped, ${VIEWERS.toLocaleString('en')} viewers, 50 bids/s; from a bid's answer to a viewer`,
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
