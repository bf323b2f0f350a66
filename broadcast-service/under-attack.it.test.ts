/**
 * Honest viewers keep their p99 while others mean harm, from another process and address. All share
 * a machine, where attackers cost everybody time, whatever they attack. So what an attack on the
 * broadcaster costs is compared with what the same attackers cost who attack a bare server beside it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { Attack, startBareTarget, type BareTarget } from './testing/attack.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import { startTestBroadcasters, type TestBroadcasters } from './testing/test-broadcaster.ts';

const AUCTION = 'a1-attacked';
const BIDS_PER_SECOND = 50;
const ATTACKS_PER_SECOND = 50;
/** As for viewers beside others that do not read. */
const WORSE_AT_MOST = 1.2;
/** The event loop may be held this long at any time: where p99 is a few ms, a ratio says nothing. */
const LOOP_HELD_AT_MOST_MS = 25;
/** Whatever the bare server beside costs. */
const P99_BELOW_MS = 200;
/** More than one answer carries, so that attackers can ask for the largest ones. */
const EVENTS_BEFORE = 2_100;
const BIDS_A_CALL = 10;

let system: TestBroadcasters;
let node: LocalServer;
let bare: BareTarget;
const viewers: RawViewer[] = [];
let placed = 0;

beforeAll(async () => {
  system = await startTestBroadcasters();
  node = await system.startProcess();
  bare = await startBareTarget();
  await system.auctions.create(AUCTION);
  for (let i = 0; i < EVENTS_BEFORE; i += BIDS_A_CALL) await bid(BIDS_A_CALL);
});

afterAll(async () => {
  for (const viewer of viewers) viewer.socket.terminate();
  await bare.end();
  await system.stop();
});

/** Places bids in one call. */
async function bid(count: number): Promise<void> {
  const bids = Array.from({ length: count }, () => {
    placed += 1;
    return { userId: `u${placed % 2}`, amount: 10_000 * placed };
  });
  for (const answer of await system.auctions.bid(AUCTION, ...bids)) {
    expect(answer).toMatch(/^\+OK/);
  }
}

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
    await bid(1);
    answeredAt.set(placed + 2, performance.now());
  }
  await until('all have all', () => delays.length === bids * viewers.length);
  return percentile(delays, 0.99);
}

/** The same while attackers are at work. */
async function p99UnderAttack(target: string, bids: number): Promise<number> {
  const attack = await Attack.begin(target, AUCTION, ATTACKS_PER_SECOND);
  try {
    const began = performance.now();
    const p99 = await p99OfBids(bids);
    const { tried, begun } = await attack.report();
    const tookMs = performance.now() - began;
    // The attack went on to the end, and was one.
    expect(tried).toBeGreaterThan((ATTACKS_PER_SECOND * tookMs) / 2_000);
    expect(begun).toBeGreaterThan(0);
    return p99;
  } finally {
    await attack.end();
  }
}

/** The p99 of honest viewers, ms. */
interface Round {
  /** Nobody attacks anything. */
  readonly quiet: number;
  /** The broadcaster is attacked. */
  readonly attacked: number;
  /** The bare server beside it is attacked. */
  readonly beside: number;
}

async function measureRound(bids: number, broadcasterFirst: boolean): Promise<Round> {
  const quiet = await p99OfBids(bids);
  const first = await p99UnderAttack(broadcasterFirst ? node.url : bare.url, bids);
  const second = await p99UnderAttack(broadcasterFirst ? bare.url : node.url, bids);
  return broadcasterFirst
    ? { quiet, attacked: first, beside: second }
    : { quiet, attacked: second, beside: first };
}

function medianOf(rounds: readonly Round[], part: keyof Round): number {
  const each = rounds.map((round) => round[part]);
  return percentile(each, 0.5);
}

function isUnharmed(rounds: readonly Round[]): boolean {
  const asBeside = WORSE_AT_MOST * medianOf(rounds, 'beside');
  const below = Math.min(P99_BELOW_MS, Math.max(LOOP_HELD_AT_MOST_MS, asBeside));
  return medianOf(rounds, 'attacked') < below;
}

it(
  "honest viewers' p99 under attack is at most 1.2 times that while another server is attacked",
  { timeout: LONG_TEST_MS },
  async () => {
    const size = SIZES.harassed;
    const processId = node.pid();
    for (let i = 0; i < size.viewers; i += 1) {
      const viewer = await RawViewer.connect(node.url);
      viewers.push(viewer);
      await viewer.watch(AUCTION);
    }
    // The first attack finds code that never ran.
    await p99UnderAttack(node.url, size.bids);
    const rounds: Round[] = [];
    const measure = async (): Promise<void> => {
      for (let i = 0; i < size.rounds; i += 1) {
        rounds.push(await measureRound(size.bids, rounds.length % 2 === 0));
      }
    };
    await measure();
    // Other programs on the machine may spoil rounds: once more as many, and all of them count.
    if (!isUnharmed(rounds)) await measure();
    const medians = (['quiet', 'attacked', 'beside'] as const).map((part) => {
      return `${part} ${medianOf(rounds, part).toFixed(1)}`;
    });
    console.log(
      `p99 of ${size.viewers} viewers, medians of ${rounds.length} rounds (${size.rounds} planned), ms: ${medians.join(', ')}; ${JSON.stringify(rounds)}`,
    );
    expect(isUnharmed(rounds)).toBe(true);
    const recovered = await figure(node.url, 'outcry_watches_total', { result: 'recovered' });
    // Honest ones watch once, so these are attackers: some in each attack were given what was.
    expect(recovered).toBeGreaterThan(rounds.length);
    expect(node.pid()).toBe(processId);
    for (const viewer of viewers) expect(viewer.accounts.get(AUCTION)?.faults).toEqual([]);
  },
);
