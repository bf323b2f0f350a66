/** Stops and starts every process of every service under load; one of each always runs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { ALL_ARCHIVED, compareAccounts, readRedisHeads } from '../accounts/accounts.ts';
import { startBidders, type Bidders } from '../crowd/bidders.ts';
import { watchAuctions } from '../crowd/viewers.ts';
import { openBed, startWholeSystem, TWO_OF_EACH } from '../system/system.ts';
import type { TestBed, WholeSystem } from '../system/system.ts';

let bed: TestBed;
let system: WholeSystem;
let bidders: Bidders;
let watchers: ReturnType<typeof watchAuctions>;

beforeAll(async () => {
  bed = await openBed('rolling-restart');
  system = await startWholeSystem(bed, { counts: TWO_OF_EACH });
  const { gatewayUrls } = system;
  bidders = await startBidders({
    gatewayUrls,
    name: 'rolling-restart',
    bidders: SIZES.failovers.bidders,
    auctions: 8,
    atOnce: 'each',
  });
  const broadcasters = system.all('broadcast-service').map(({ url }) => url);
  watchers = watchAuctions(broadcasters, bidders.auctionIds);
});
afterAll(async () => {
  watchers?.close();
  await bidders?.stop();
  await bed?.close();
});

test(
  'no bid fails, no event is lost, and viewers see the truth again',
  async () => {
    const services = ['api-gateway', 'broadcast-service', 'archival-worker'] as const;
    const pairs = services.map((service) => system.all(service));
    const onEach = { onEach: bidders.auctionIds };
    for (let restart = 0; restart < 2 * SIZES.failovers.kills; restart += 1) {
      // One of each at once; the other one of each goes on.
      const ones = pairs.flatMap((two) => two[restart % 2] ?? []);
      await bidders.untilAccepted(5, 30_000, onEach);
      await Promise.all(ones.map((service) => service.stop()));
      await bidders.untilAccepted(5, 30_000, onEach);
      await Promise.all(ones.map((service) => bed.start(service)));
    }
    await bidders.untilAccepted(2, 30_000, onEach);
    const told = await bidders.stop();
    expect(bidders.failures()).toEqual([]);
    const heads = await readRedisHeads(system.redis, bidders.auctionIds);
    expect(await watchers.behind(heads, 20_000)).toEqual([]);
    expect(watchers.disorder).toEqual([]);
    const found = await compareAccounts(system, bidders.auctionIds, told);
    expect(found).toMatchObject(ALL_ARCHIVED);
    console.log(
      `all restarted ${SIZES.failovers.kills} times: ${bidders.ledger.accepted.length} bids, none lost`,
    );
  },
  LONG_TEST_MS,
);
