/** Honest viewers keep their p99 while others mean harm, from another process and address. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { Attack, burnCpu } from './testing/attack.ts';
import { percentile } from './testing/percentile.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import { startTestBroadcasters, until, type TestBroadcasters } from './testing/test-broadcaster.ts';

const AUCTION = 'a1-attacked';
const BIDS_PER_SECOND = 50;
const ATTACKS_PER_SECOND = 50;
/**
 * Attackers use the same two cores, which costs everybody time, whatever they attack: a process that
 * only uses as much of them is what the attack is compared with.
 */
const WORSE_AT_MOST = 1.5;
/** The event loop may be held this long at any time: where p99 is a few ms, a ratio says nothing. */
const LOOP_HELD_AT_MOST_MS = 25;
const P99_BELOW_MS = 200;
/** Other programs on the machine may spoil a round; a broadcaster that gives way spoils all. */
const ROUNDS = 3;

let system: TestBroadcasters;
let node: LocalServer;
const viewers: RawViewer[] = [];
let placed = 0;

beforeAll(async () => {
  system = await startTestBroadcasters();
  node = await system.startProcess();
  await system.auctions.create(AUCTION);
});

afterAll(async () => {
  for (const viewer of viewers) viewer.socket.terminate();
  await system.stop();
});

/** From a bid's answer until each viewer has it, p99 over all bids and viewers, ms. */
async function p99OfBids(bids: number): Promise<number> {
  const delays: number[] = [];
  const answeredAt = new Map<number, number>();
  const seen = viewers.map((viewer) => viewer.accounts.get(AUCTION)?.seq ?? 0);
  for (const [i, viewer] of viewers.entries()) {
    viewer.onEvents = (_auctionId, seq) => {
      const now = performance.now();
      for (let each = (seen[i] ?? 0) + 1; each <= seq; each += 1) {
        // A viewer may know before the bidder has the answer.
        delays.push(now - (answeredAt.get(each) ?? now));
      }
      seen[i] = seq;
    };
  }
  const began = performance.now();
  for (let i = 0; i < bids; i += 1) {
    await pause(Math.max(0, began + (i * 1_000) / BIDS_PER_SECOND - performance.now()));
    placed += 1;
    await system.auctions.bid(AUCTION, { userId: `u${placed % 2}`, amount: 10_000 * placed });
    answeredAt.set(placed + 2, performance.now());
  }
  await until('all have all', () => delays.length === bids * viewers.length);
  return percentile(delays, 0.99);
}

/** The p99 of honest viewers, ms. */
interface Round {
  readonly alone: number;
  readonly attacked: number;
  /** While as much CPU time was used as the attackers did. */
  readonly sharing: number;
}

async function measureRound(bids: number): Promise<Round> {
  const alone = await p99OfBids(bids);
  const attack = await Attack.begin(node.url, AUCTION, ATTACKS_PER_SECOND);
  const began = performance.now();
  const attacked = await p99OfBids(bids);
  const { tried, begun, cpuMs } = await attack.report();
  const tookMs = performance.now() - began;
  await attack.end();
  // The attack went on to the end, and was one.
  expect(tried).toBeGreaterThan((ATTACKS_PER_SECOND * tookMs) / 2_000);
  expect(begun).toBeGreaterThan(0);
  const endBurning = await burnCpu(cpuMs / tookMs);
  const sharing = await p99OfBids(bids);
  await endBurning();
  return { alone, attacked, sharing };
}

function isUnharmed({ alone, attacked, sharing }: Round): boolean {
  const asBefore = Math.max(LOOP_HELD_AT_MOST_MS, WORSE_AT_MOST * Math.max(alone, sharing));
  return attacked < P99_BELOW_MS && attacked < asBefore;
}

it('honest viewers keep their p99 while others attack', { timeout: LONG_TEST_MS }, async () => {
  const size = SIZES.harassed;
  const processId = node.pid();
  for (let i = 0; i < size.viewers; i += 1) {
    const viewer = await RawViewer.connect(node.url);
    viewers.push(viewer);
    await viewer.watch(AUCTION);
  }
  await p99OfBids(size.bids);
  const rounds: Round[] = [];
  do rounds.push(await measureRound(size.bids));
  while (!rounds.some(isUnharmed) && rounds.length < ROUNDS);
  console.log(`p99 of ${size.viewers} viewers, ms: ${JSON.stringify(rounds)}`);
  expect(rounds.some(isUnharmed)).toBe(true);
  expect(node.pid()).toBe(processId);
  for (const viewer of viewers) expect(viewer.accounts.get(AUCTION)?.faults).toEqual([]);
});
