/** Honest viewers keep their p99 while others mean harm, from another process. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { percentile } from './testing/percentile.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import { startTestBroadcasters, until, type TestBroadcasters } from './testing/test-broadcaster.ts';

const AUCTION = 'a1-attacked';
const ATTACKERS = fileURLToPath(new URL('testing/attackers.ts', import.meta.url));
const BIDS_PER_SECOND = 50;
/** Attackers take their part of the machine's two cores; of the broadcaster they must not. */
const LIMIT_MS = 200;
/** Other programs on the machine may spoil a round; a broadcaster that gives way spoils all. */
const ROUNDS = 3;

let system: TestBroadcasters;
let node: LocalServer;
const viewers: RawViewer[] = [];
let placed = 0;

beforeAll(async () => {
  system = await startTestBroadcasters();
  node = await system.startProcess({ MAX_VIEWERS_PER_ADDRESS: '0' });
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

interface Round {
  readonly without: number;
  readonly attacked: number;
}

/** Resolves when the first attacker is connected. */
async function startAttackers(): Promise<ChildProcess> {
  const attackers = fork(ATTACKERS, [node.url, AUCTION], {
    execArgv: ['--import', import.meta.resolve('tsx')],
  });
  await once(attackers, 'message');
  return attackers;
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
  const best = (): number => Math.min(...rounds.map(({ attacked }) => attacked));
  do {
    const without = await p99OfBids(size.bids);
    const attackers = await startAttackers();
    let attacks = 0;
    attackers.on('message', () => {
      attacks += 1;
    });
    rounds.push({ without, attacked: await p99OfBids(size.bids) });
    // The attack goes on to the end, and is one.
    expect(attackers.exitCode).toBeNull();
    expect(attacks).toBeGreaterThan(size.bids / 10);
    attackers.kill();
    await once(attackers, 'exit');
  } while (best() >= LIMIT_MS && rounds.length < ROUNDS);
  console.log(`p99 of ${size.viewers} viewers, ms: ${JSON.stringify(rounds)}`);
  expect(best()).toBeLessThan(LIMIT_MS);
  expect(node.pid()).toBe(processId);
  for (const viewer of viewers) expect(viewer.accounts.get(AUCTION)?.faults).toEqual([]);
});
