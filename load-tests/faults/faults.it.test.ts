/** Every fault under load, on one system: nothing is lost, doubled or altered. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { startFaultSystem, type Fault, type FaultSystem } from './fault-system.ts';
import { ALL_FAULTS } from './kinds.ts';
import { resultsText, runFault, untilRedisKnows } from './run-fault.ts';

let system: FaultSystem;
/** Of all faults that went well. */
const auctionIds: string[] = [];

beforeAll(async () => {
  system = await startFaultSystem();
}, 120_000);
afterAll(() => system.system.bed.close());

test.each(ALL_FAULTS)('$name: $breaks', { timeout: LONG_TEST_MS }, async (fault) => {
  const result = await runFault(fault, system, SIZES.faults);
  auctionIds.push(...result.auctionIds);
  expect(result.complaints, resultsText([result])).toEqual([]);
});

test(
  'Redis is told of all that is archived, and it verifies',
  { timeout: LONG_TEST_MS },
  async () => {
    await untilRedisKnows(system.system, auctionIds);
    expect(await system.system.verify()).toEqual([]);
  },
);

/** Not one that must be survived: the archive itself is damaged, after everything has arrived. */
const damage: Fault = {
  name: 'damage',
  breaks: 'rows of the archive are changed',
  heals: 'nothing does',
  lasts: 'seconds',
  async begin({ system, bidders }) {
    const [first = '', second = '', third = ''] = bidders.auctionIds;
    return {
      heal: () => Promise.resolve(),
      check: async () => {
        await system.onPostgres(async (sql) => {
          await sql`DELETE FROM events WHERE auction_id = ${first} AND seq = 3`;
          await sql`
            UPDATE events SET private = replace(private, '"alias":', '"alias" :')
             WHERE auction_id = ${second} AND seq = 3`;
          await sql`UPDATE bid_hours SET bids = bids + 1 WHERE auction_id = ${third}`;
          await sql`UPDATE bidder_totals SET bids = bids + 1 WHERE user_id = 'bidder-7'`;
        });
        return [];
      },
    };
  },
};

// Later ones could not be good any more.
test('what is lost or altered is found', { timeout: LONG_TEST_MS }, async () => {
  const { lost, altered, complaints } = await runFault(damage, system, SIZES.faults);
  expect(lost).toBeGreaterThanOrEqual(1);
  expect(altered).toBeGreaterThanOrEqual(1);
  expect(complaints.join()).toMatch(/the row is missing/);
  expect(complaints.join()).toMatch(/the payload hash differs/);
  expect(complaints.join()).toMatch(/bid_hours: .* is \d+.*, a recount gives \d+/);
  expect(complaints.join()).toMatch(/bidder_totals: .* is \d+.*, a recount gives \d+/);
});
