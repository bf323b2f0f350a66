/** Every fault under load, on one system: nothing is lost, doubled or altered. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { ALL_FAULTS } from './all-faults.ts';
import { createUsers, type Users } from './crowd.ts';
import { FaultSystem } from './fault-system.ts';
import { resultsText } from './result.ts';
import { runFault } from './run-fault.ts';
import { untilRedisKnows } from './settle.ts';

let system: FaultSystem;
let users: Users;
/** Of all faults that went well. */
const auctionIds: string[] = [];

beforeAll(async () => {
  system = await FaultSystem.start(() => undefined);
  users = await createUsers(system.gatewayUrls);
}, 120_000);
afterAll(() => system.stop());

test.each(ALL_FAULTS)('$name: $breaks', { timeout: LONG_TEST_MS }, async (fault) => {
  const result = await runFault(fault, system, users, SIZES.faults);
  auctionIds.push(...result.auctionIds);
  expect(result.complaints, resultsText([result])).toEqual([]);
});

test('Redis is told of all that is archived', { timeout: LONG_TEST_MS }, () =>
  untilRedisKnows(system, auctionIds),
);
