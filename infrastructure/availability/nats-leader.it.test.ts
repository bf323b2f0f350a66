/** Kills the stream's leader in a cluster of three NATS servers, under load. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { ALL_ARCHIVED, compareWithArchive } from './archived-bids.ts';
import { startAvailableSystem, type AvailableSystem } from './available-system.ts';
import { SteadyBidders } from './steady-bidders.ts';

let system: AvailableSystem;
let bidders: SteadyBidders;
let connection: NatsConnection;

beforeAll(async () => {
  system = await startAvailableSystem({ natsCluster: true });
  bidders = await SteadyBidders.start(
    system.gateways.map(({ url }) => url),
    { bidders: SIZES.failovers.bidders, auctions: 8 },
  );
  connection = await connect({ servers: system.nats?.url.split(',') ?? [] });
});
afterAll(async () => {
  await connection?.close();
  await bidders?.stop();
  await system?.stop();
});

/** The server that leads the stream, once it has both followers. */
async function leader(): Promise<LocalServer> {
  const manager = await jetstreamManager(connection);
  return waitUntil(
    async () => {
      const info = await manager.streams.info(EVENT_STREAM).catch(() => undefined);
      if (info?.cluster?.replicas?.filter(({ current }) => current).length !== 2) return undefined;
      return system.nats?.servers.find(({ port }) => info.cluster?.leader?.endsWith(`-${port}`));
    },
    { withinMs: 30_000, everyMs: 100, what: 'a stream with a leader and two followers' },
  );
}

test(
  'no bid fails, no event is lost, and every event is in Postgres once',
  async () => {
    for (let kill = 0; kill < SIZES.failovers.kills; kill += 1) {
      await bidders.untilMoreOn(bidders.auctionIds, SIZES.failovers.bidsBefore, 60_000);
      const server = await leader();
      await server.kill();
      await bidders.untilMoreOn(bidders.auctionIds, SIZES.failovers.bidsBefore, 60_000);
      await server.start();
    }
    await bidders.stop();
    expect(bidders.failures).toEqual([]);
    const beganAt = performance.now();
    expect(await compareWithArchive(system, bidders)).toEqual(ALL_ARCHIVED);
    console.log(
      `leader killed ${SIZES.failovers.kills} times: ${bidders.accepted.length} bids, all archived once; ` +
        `the last ${((performance.now() - beganAt) / 1_000).toFixed(1)} s after the last bid`,
    );
  },
  LONG_TEST_MS,
);
