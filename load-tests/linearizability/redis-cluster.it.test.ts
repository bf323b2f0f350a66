import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { runSeeds, startHistoryStage, type HistoryStage } from './testing/run-history.ts';

let stage: HistoryStage;
beforeAll(async () => {
  stage = await startHistoryStage({ isCluster: true });
});
afterAll(() => stage.bed.close());

test(
  'on a Redis Cluster clients get answers that one engine could give, too',
  async () => {
    const met = await runSeeds(stage, { name: 'redis-cluster', ...SIZES.histories });
    for (const name of ['event bid', 'event ended', 'replayed', 'BID_TOO_LOW', 'unknown']) {
      expect.soft(met, name).toHaveProperty([name]);
    }
  },
  LONG_TEST_MS,
);
