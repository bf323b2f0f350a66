import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { runSeeds, startHistoryStage, type HistoryStage } from './testing/run-history.ts';

let stage: HistoryStage;
beforeAll(async () => {
  stage = await startHistoryStage();
});
afterAll(() => stage.bed.close());

test(
  `${SIZES.histories.clients} clients on two gateways get answers that one engine could give`,
  async () => {
    const met = await runSeeds(stage, { name: 'two-gateways', ...SIZES.histories });
    // A run that meets nothing proves nothing.
    for (const name of MUST_HAPPEN) expect.soft(met, name).toHaveProperty([name]);
  },
  LONG_TEST_MS,
);

const MUST_HAPPEN = [
  'accepted',
  'unknown',
  'replayed',
  'IDEMPOTENCY_MISMATCH',
  'BID_TOO_LOW',
  'MAX_NOT_RAISED',
  'BUY_NOW_GONE',
  'NOT_SELLER',
  'AUCTION_NOT_STARTED',
  'AUCTION_ENDED',
  'SELLER_CANNOT_BID',
  'event bid',
  'event no_change',
  'event extended',
  'event extending',
  'event ended',
  'event sold',
];
