import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { TestSystem, until } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

let auctions = 0;
const newAuction = (): TestAuction => {
  auctions += 1;
  return new TestAuction({ auctionId: `a${auctions % 4}-archive${auctions}`, stepMs: 10 });
};

/** An auction with this many bids, as entries. */
const played = (auction: TestAuction, bids: number) => [
  auction.create(),
  auction.start(),
  ...Array.from({ length: bids }, (_, i) =>
    auction.bid(`user-${i % 5}`, { amount: auction.state.minimumBid }),
  ),
];

const allAcknowledged = () =>
  until('all acknowledged', async () => (await system.unacknowledged()) === 0);

describe('exactly once', () => {
  test('entries that are published twice are stored once', async () => {
    const auction = newAuction();
    const entries = played(auction, 50);
    await system.startWorker();
    await system.publish([...entries, ...entries]);
    await allAcknowledged();
    const rows = await system.sql`
      SELECT seq, public, salt, private FROM events
       WHERE auction_id = ${auction.auctionId} ORDER BY seq`;
    expect(rows.map((row) => Number(row['seq']))).toEqual(entries.map((_, i) => i + 1));
  });
});
