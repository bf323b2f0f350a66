/**
 * What it costs that nobody waits in silence in an auction's last minutes, and how soon a viewer
 * then notices that its connection is dead.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { linkTo } from '@outcry/broadcast-service/testing/link.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { LAST_MINUTES_MS } from '@outcry/shared/contracts/live.ts';
import { cpuSeconds } from '../bench/process-cpu.ts';
import { median } from '../bench/statistics.ts';
import { Crowd } from './crowd.ts';
import type { FanOutStage, MeasuredServer } from './fan-out-stage.ts';

export interface InSilence {
  /** CPU ms a second of the broadcaster, hours before the end and in the last minutes. */
  readonly cpuBefore: number;
  readonly cpuInLastMinutes: number;
  /** From the death of a connection until its viewer shows it, ms, rising. */
  readonly noticedAfterMs: readonly number[];
}

const SETTLE_MS = 5_000;
/** The two are measured in turns. */
const TURNS = 2;
const NOTICE_LIMIT_MS = 30_000;
const FEEDS = 50;
/** The connections of a round die in one instant; the instants fall anywhere between two words. */
const ROUNDS = 4;
const LONGEST_PAUSE_MS = 2_000;

/** No bids: with bids there is no silence to break. */
export async function inSilence(
  stage: FanOutStage,
  viewers: number,
  seconds: number,
  signal: AbortSignal,
): Promise<InSilence> {
  const server = await stage.broadcaster('as-shipped');
  const cpuOf = async (auctionId: string, durationMs: number): Promise<number> => {
    await stage.auctions.create(auctionId, { durationMs });
    const crowd = await Crowd.gather([server.port], auctionId, viewers);
    await pause(SETTLE_MS, undefined, { signal });
    const used = await cpuDuring(server, seconds, signal);
    crowd.leave();
    await pause(SETTLE_MS, undefined, { signal });
    return used;
  };
  const before: number[] = [];
  const last: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    before.push(await cpuOf(`a2-before${turn}`, 24 * 3_600_000));
    last.push(await cpuOf(`a2-last${turn}`, LAST_MINUTES_MS));
  }
  await stage.auctions.create('a2-dead', { durationMs: LAST_MINUTES_MS });
  const crowd = await Crowd.gather([server.port], 'a2-dead', viewers);
  const noticedAfterMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    noticedAfterMs.push(...(await noticing(server, 'a2-dead', signal)));
  }
  crowd.leave();
  await stage.clear();
  const [cpuBefore, cpuInLastMinutes] = [median(before), median(last)];
  return { cpuBefore, cpuInLastMinutes, noticedAfterMs: noticedAfterMs.toSorted((a, b) => a - b) };
}

async function cpuDuring(
  server: MeasuredServer,
  seconds: number,
  signal: AbortSignal,
): Promise<number> {
  const before = cpuSeconds(server.pid()) ?? NaN;
  const began = performance.now();
  await pause(seconds * 1_000, undefined, { signal });
  const used = (cpuSeconds(server.pid()) ?? NaN) - before;
  return (used * 1_000) / ((performance.now() - began) / 1_000);
}

async function noticing(
  server: MeasuredServer,
  auctionId: string,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const link = await linkTo(server.port);
  const noticedAt: number[] = [];
  let frozenAt = Infinity;
  const feeds = Array.from({ length: FEEDS }, () => {
    const feed = new LiveFeed({ url: `http://${link.address}` });
    let noticed = false;
    const watched = feed.watch(auctionId, {
      onChange: ({ connection }) => {
        if (frozenAt === Infinity || noticed || connection === 'live') return;
        noticed = true;
        noticedAt.push(performance.now() - frozenAt);
      },
    });
    return { feed, watched };
  });
  try {
    await waitUntil(() => feeds.every(({ watched }) => watched.connection === 'live'), {
      withinMs: NOTICE_LIMIT_MS,
      what: 'all feeds',
    });
    await pause(LONGEST_PAUSE_MS + Math.random() * LONGEST_PAUSE_MS, undefined, { signal });
    frozenAt = performance.now();
    link.freeze();
    await waitUntil(() => noticedAt.length === FEEDS, {
      withinMs: NOTICE_LIMIT_MS,
      what: 'all feeds to notice',
    });
    return noticedAt;
  } finally {
    for (const { feed } of feeds) feed.close();
    link.close();
  }
}
