/** How soon a user knows of being outbid, wherever connected, while others watch. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import {
  startTestBroadcasters,
  tokenFor,
  type TestBroadcasters,
} from './testing/test-broadcaster.ts';

const AUCTION = 'a1-notices';
const BIDS_PER_SECOND = 50;
const LIMIT_MS = 250;
/** Other programs on the machine may spoil a round; a slow broadcaster spoils all of them. */
const ROUNDS = 3;

let system: TestBroadcasters;
let nodes: readonly LocalServer[];
const viewers: RawViewer[] = [];

beforeAll(async () => {
  system = await startTestBroadcasters();
  const unlimited = { MAX_VIEWERS_PER_ADDRESS: '0' };
  nodes = await Promise.all([system.startProcess(unlimited), system.startProcess(unlimited)]);
  await system.auctions.create(AUCTION);
});

afterAll(async () => {
  for (const viewer of viewers) viewer.socket.terminate();
  await system.stop();
});

async function connected(
  node: number,
  options: { token?: string; onText?: (text: string) => void } = {},
): Promise<RawViewer> {
  const viewer = await RawViewer.connect(nodes[node % nodes.length]?.url ?? '', options);
  viewers.push(viewer);
  return viewer;
}

it(
  `p99 of outbid notices is below ${LIMIT_MS} ms for users who watch nothing`,
  { timeout: LONG_TEST_MS },
  async () => {
    const { count, viewers: others } = SIZES.notices;
    for (let i = 0; i < others; i += 1) await (await connected(i)).watch(AUCTION);
    const bidAt = new Map<number, number>();
    const delays: number[] = [];
    const bidders = ['ann', 'bob'];
    for (const [i, userId] of bidders.entries()) {
      await connected(i, {
        token: await tokenFor(userId),
        onText: (text) => {
          if (!text.startsWith('42["outbid"')) return;
          const price = Number(/"price":(\d+)/.exec(text)?.[1]);
          delays.push(performance.now() - (bidAt.get(price) ?? -Infinity));
        },
      });
    }
    const neverBids = await connected(1, { token: await tokenFor('cleo') });
    let placed = 0;
    const bid = async (): Promise<void> => {
      placed += 1;
      const amount = 10_000 * placed;
      bidAt.set(amount, performance.now());
      const userId = bidders[placed % bidders.length] ?? '';
      await system.auctions.bid(AUCTION, { userId, amount });
    };
    // The first bid beats nobody.
    await bid();
    const measured: number[] = [];
    do {
      delays.length = 0;
      const began = performance.now();
      for (let i = 0; i < count; i += 1) {
        const waitMs = began + (i * 1_000) / BIDS_PER_SECOND - performance.now();
        await pause(Math.max(0, waitMs));
        await bid();
      }
      await until('every notice came', () => delays.length === count);
      measured.push(percentile(delays, 0.99));
    } while (Math.min(...measured) >= LIMIT_MS && measured.length < ROUNDS);
    console.log(
      `p99 of ${count} outbid notices, ${others} others watching: ${measured.map(Math.round).join(', ')} ms`,
    );
    expect(Math.min(...measured)).toBeLessThan(LIMIT_MS);
    expect(neverBids.heard).toEqual([]);
  },
);
