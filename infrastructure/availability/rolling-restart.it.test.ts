/** Stops and starts every process of every service under load; one of each always runs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { ALL_ARCHIVED, compareWithArchive } from './archived-bids.ts';
import { startAvailableSystem, type AvailableSystem } from './available-system.ts';
import { SteadyBidders } from './steady-bidders.ts';
import { SteadyViewers } from './steady-viewers.ts';

let system: AvailableSystem;
let bidders: SteadyBidders;
let viewers: SteadyViewers;

beforeAll(async () => {
  system = await startAvailableSystem({});
  const urls = system.gateways.map(({ url }) => url);
  bidders = await SteadyBidders.start(urls, { bidders: SIZES.failovers.bidders, auctions: 8 });
  viewers = new SteadyViewers(
    system.broadcasters.map(({ url }) => url),
    bidders.auctionIds,
  );
});
afterAll(async () => {
  viewers?.close();
  await bidders?.stop();
  await system?.stop();
});

test(
  'no bid fails, no event is lost, and viewers see the truth again',
  async () => {
    const { gateways, broadcasters, workers } = system;
    for (let restart = 0; restart < 2 * SIZES.failovers.kills; restart += 1) {
      // One of each at once; the other one of each goes on.
      const services = [gateways, broadcasters, workers].flatMap((two) => two[restart % 2] ?? []);
      await bidders.untilMoreOn(bidders.auctionIds, 5, 30_000);
      await Promise.all(services.map((service) => service.stop()));
      await bidders.untilMoreOn(bidders.auctionIds, 5, 30_000);
      await Promise.all(services.map((service) => system.startAgain(service)));
    }
    await bidders.untilMoreOn(bidders.auctionIds, 2, 30_000);
    await bidders.stop();
    expect(bidders.failures).toEqual([]);
    const url = system.gateways[0]?.url ?? '';
    await viewers.untilCurrent(url, 20_000);
    expect(viewers.disorder).toEqual([]);
    expect(await compareWithArchive(system, bidders)).toEqual(ALL_ARCHIVED);
    console.log(
      `all restarted ${SIZES.failovers.kills} times: ${bidders.accepted.length} bids, none lost`,
    );
  },
  LONG_TEST_MS,
);
