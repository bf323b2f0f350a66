import { afterAll, beforeAll, expect, test } from 'vitest';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { startHistoryStage, type HistoryStage } from './history-stage.ts';
import { KillInTurn } from './kill-in-turn.ts';
import { runSeeds } from './run-seeds.ts';

let stage: HistoryStage;
beforeAll(async () => {
  stage = await startHistoryStage();
});
afterAll(() => stage.stop());

test(
  'kill -9 of Redis under way: what was accepted stays, in a new epoch',
  async () => {
    const killer = new KillInTurn(stage.redisServers, stage.gateways);
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
