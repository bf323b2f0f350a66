/** Kills the stream's leader in a cluster of three NATS servers, under load. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { ALL_ARCHIVED, compareAccounts } from '../accounts/accounts.ts';
import { startBidders, type Bidders } from '../crowd/bidders.ts';
import { openBed, startWholeSystem, TWO_OF_EACH } from '../system/system.ts';
import type { TestBed, WholeSystem } from '../system/system.ts';

let bed: TestBed;
let system: WholeSystem;
let bidders: Bidders;

beforeAll(async () => {
  bed = await openBed('nats-leader');
  system = await startWholeSystem(bed, { counts: TWO_OF_EACH, natsCluster: true });
  const { gatewayUrls } = system;
  bidders = await startBidders({
    gatewayUrls,
    name: 'nats-leader',
    bidders: SIZES.failovers.bidders,
    auctions: 8,
    atOnce: 'each',
  });
});
afterAll(async () => {
  await bidders?.stop();
  await bed?.close();
});

/** The server that leads the stream, once it has both followers. */
async function leader(): Promise<LocalServer> {
  const { natsServers } = system;
  if (!('servers' in natsServers)) throw new Error('there is no cluster');
  return waitUntil(
    async () => {
      const info = await system
        .onStreams(({ streams }) => streams.info(EVENT_STREAM))
        .catch(() => undefined);
      if (info?.cluster?.replicas?.filter(({ current }) => current).length !== 2) return undefined;
      return natsServers.servers.find(({ port }) => info.cluster?.leader?.endsWith(`-${port}`));
    },
    { withinMs: 30_000, everyMs: 100, what: 'a stream with a leader and two followers' },
  );
}

test(
  'no bid fails, no event is lost, and every event is in Postgres once',
  async () => {
    const onEach = { onEach: bidders.auctionIds };
    for (let kill = 0; kill < SIZES.failovers.kills; kill += 1) {
      await bidders.untilAccepted(SIZES.failovers.bidsBefore, 60_000, onEach);
      const server = await leader();
      await server.kill();
      await bidders.untilAccepted(SIZES.failovers.bidsBefore, 60_000, onEach);
      await server.start();
    }
    const told = await bidders.stop();
    expect(bidders.failures()).toEqual([]);
    const beganAt = performance.now();
    const found = await compareAccounts(system, bidders.auctionIds, told);
    expect(found).toMatchObject(ALL_ARCHIVED);
    console.log(
      `leader killed ${SIZES.failovers.kills} times: ${bidders.ledger.accepted.length} bids, all archived once; ` +
        `the last ${((performance.now() - beganAt) / 1_000).toFixed(1)} s after the last bid`,
    );
  },
  LONG_TEST_MS,
);
