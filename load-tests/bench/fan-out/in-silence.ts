/**
 * What it costs that nobody waits in silence in an auction's last minutes, and how soon a viewer
 * then notices that its connection is dead. No bids: with bids there is no silence to break.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { linkTo } from '@outcry/broadcast-service/testing/link.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { LAST_MINUTES_MS } from '@outcry/shared/contracts/live.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { ViewerCrowd } from '../../crowd/viewer-crowd.ts';
import { openWindow } from '../../system/process-use.ts';
import type { TestBed } from '../../system/test-bed.ts';
import type { Measurement } from '../measurement.ts';
import { auctionsOn, broadcasterOn } from './fan-out-stage.ts';

const VIEWERS = 10_000;
const SETTLE_MS = 5_000;
const NOTICE_LIMIT_MS = 30_000;
const FEEDS = 50;
/** The connections of a round die in one instant, which falls anywhere between two words. */
const LONGEST_PAUSE_MS = 2_000;
const HOURS_MS = 24 * 3_600_000;

const serverOn = (bed: TestBed) =>
  bed.shared('silence', () => broadcasterOn(bed, 'silence', 'as-shipped'));

/** Each round has an auction and viewers of its own: an auction's last minutes do not last. */
const watched = (
  about: Pick<Measurement, 'name' | 'title' | 'comparedTo'>,
  durationMs: number,
): Measurement => ({
  ...about,
  counts: 'viewers watched',
  async prepare(bed) {
    const { server } = await serverOn(bed);
    const auctions = await auctionsOn(bed);
    let round = 0;
    return async ({ seconds, viewers = VIEWERS, signal }) => {
      const auctionId = `a3-${about.name}-${(round += 1)}`;
      await auctions.create(auctionId, { durationMs });
      const crowd = await ViewerCrowd.gather([server.port], auctionId, viewers);
      try {
        await pause(SETTLE_MS, undefined, { signal });
        const close = openWindow({ broadcaster: [server.pid()] });
        await pause(seconds * 1_000, undefined, { signal });
        const { cores } = close();
        return { perSecond: viewers, cores, figures: {} };
      } finally {
        crowd.leave();
        await pause(SETTLE_MS, undefined, { signal });
      }
    };
  },
});

const deadConnections: Measurement = {
  name: 'dead-connections',
  title: `how soon ${FEEDS} clients notice that their connections are dead`,
  counts: 'connections noticed',
  warmsUp: false,
  shouldBe: { 'longest ms': 'at most 5,000' },
  async prepare(bed) {
    const { server } = await serverOn(bed);
    const auctions = await auctionsOn(bed);
    let round = 0;
    return async ({ signal }) => {
      const auctionId = `a3-dead-${(round += 1)}`;
      await auctions.create(auctionId, { durationMs: LAST_MINUTES_MS });
      const close = openWindow({ broadcaster: [server.pid()] });
      const after = await noticing(server.port, auctionId, signal);
      const { cores } = close();
      const [p50, p90, longest] = [0.5, 0.9, 1].map((share) => percentile(after, share));
      const figures = { 'p50 ms': p50 ?? NaN, 'p90 ms': p90 ?? NaN, 'longest ms': longest ?? NaN };
      return { perSecond: (1000 * FEEDS) / figures['longest ms'], cores, figures };
    };
  },
};

/** @returns from the death of each connection until its viewer shows it, ms */
async function noticing(port: number, auctionId: string, signal: AbortSignal): Promise<number[]> {
  const link = await linkTo(port);
  const feeds = Array.from(
    { length: FEEDS },
    () => new LiveFeed({ url: `http://${link.address}` }),
  );
  let frozenAt = Infinity;
  const noticedAt = new Map<LiveFeed, number>();
  const watched = feeds.map((feed) =>
    feed.watch(auctionId, {
      onChange({ connection }) {
        if (frozenAt === Infinity || connection === 'live' || noticedAt.has(feed)) return;
        noticedAt.set(feed, performance.now());
      },
    }),
  );
  try {
    const limit = { withinMs: NOTICE_LIMIT_MS, what: 'all feeds' };
    await waitUntil(() => watched.every(({ connection }) => connection === 'live'), limit);
    await pause(LONGEST_PAUSE_MS + Math.random() * LONGEST_PAUSE_MS, undefined, { signal });
    frozenAt = performance.now();
    link.freeze();
    await waitUntil(() => noticedAt.size === FEEDS, { ...limit, what: 'all feeds to notice' });
    return [...noticedAt.values()].map((at) => at - frozenAt);
  } finally {
    for (const feed of feeds) feed.close();
    link.close();
  }
}

export const silenceMeasurements: readonly Measurement[] = [
  watched({ name: 'quiet', title: 'one broadcaster hours before the end, without bids' }, HOURS_MS),
  watched(
    { name: 'silence', title: 'the same in the last minutes', comparedTo: 'quiet' },
    LAST_MINUTES_MS,
  ),
  deadConnections,
];
