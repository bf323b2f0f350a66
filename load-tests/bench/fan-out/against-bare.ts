/** One auction with thousands of viewers: the broadcaster against the least that a server can do. */
import { percentile } from '@outcry/shared/testing/percentile.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import { openWindow, residentMib } from '../../system/process-use.ts';
import type { TestBed } from '../../system/test-bed.ts';
import type { Measurement, Round } from '../measurement.ts';
import { auctionsOn, bareOn, broadcasterOn } from './fan-out-stage.ts';

const VIEWERS = 5_000;
const BIDS_ONE_BY_ONE = 10;
const BIDS_BACK_TO_BACK = 20;
const KIB_PER_MIB = 1024;

async function rounds(
  bed: TestBed,
  server: LocalServer,
  auctionId: string,
  viewers: number,
): Promise<Round> {
  const auctions = await auctionsOn(bed);
  await auctions.create(auctionId);
  const before = residentMib(server.pid());
  const crowd = await ViewerCrowd.gather([server.port], auctionId, viewers);
  bed.onClose(() => crowd.leave());
  const kibPerViewer = ((residentMib(server.pid()) - before) * KIB_PER_MIB) / viewers;
  /** Resolves when so many viewers have it. */
  const bid = async (reaches: number): Promise<void> => {
    const answered = crowd.bid(auctions);
    await Promise.all([answered, crowd.haveLast(reaches)]);
  };
  return async () => {
    const delays: number[] = [];
    for (let i = 0; i < BIDS_ONE_BY_ONE; i += 1) {
      const begin = performance.now();
      await bid(viewers);
      delays.push(performance.now() - begin);
    }
    const close = openWindow({ server: [server.pid()] });
    const framesBefore = crowd.frames;
    // Each bid when half of the viewers have the one before: the server has the next message when it
    // is done with one, and never two that it may join, which would be fewer deliveries.
    for (let i = 1; i <= BIDS_BACK_TO_BACK; i += 1) {
      await bid(i < BIDS_BACK_TO_BACK ? viewers / 2 : viewers);
    }
    const { cores, seconds } = close();
    return {
      perSecond: (crowd.frames - framesBefore) / seconds,
      cores,
      figures: {
        'last viewer has a bid, ms': percentile(delays, 0.5),
        'memory a viewer, KiB': kibPerViewer,
      },
    };
  };
}

/** Chunks, rests and conflation are off. */
export const againstBare: readonly Measurement[] = [
  {
    name: 'bare-ws',
    title: `a bare ws server that writes one frame to ${VIEWERS.toLocaleString('en')} viewers`,
    counts: 'deliveries',
    prepare: async (bed, { viewers = VIEWERS }) =>
      rounds(bed, await bareOn(bed), 'a0-bare', viewers),
  },
  {
    name: 'broadcaster',
    title: 'the broadcaster, without chunks, rests and conflation',
    counts: 'deliveries',
    comparedTo: 'bare-ws',
    shouldBe: { perSecond: 'at least 0.85', 'last viewer has a bid, ms': 'at most 1.18' },
    prepare: async (bed, { viewers = VIEWERS }) => {
      const { server } = await broadcasterOn(bed, 'broadcaster', 'unlimited');
      return rounds(bed, server, 'a1-ours', viewers);
    },
  },
];
