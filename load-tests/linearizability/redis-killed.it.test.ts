import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { KillInTurn, runSeeds, startHistoryStage } from './testing/run-history.ts';
import type { HistoryStage } from './testing/run-history.ts';

let stage: HistoryStage;
beforeAll(async () => {
  stage = await startHistoryStage();
});
afterAll(() => stage.bed.close());

test(
  'kill -9 of Redis under way: what was accepted stays, in a new epoch',
  async () => {
    const killer = new KillInTurn(stage.redisServers, stage);
    const met = await runSeeds(stage, {
      name: 'redis-killed',
      ...SIZES.historiesWithKills,
      stretch: 2,
      disturb: (random, signal) => killer.killUntil(random, signal),
    });
    expect(killer.kills).toBeGreaterThanOrEqual(2);
    for (const name of ['event bid', 'event epoch', 'replayed', 'UNAVAILABLE', 'unknown']) {
      expect.soft(met, name).toHaveProperty([name]);
    }
  },
  LONG_TEST_MS,
);
