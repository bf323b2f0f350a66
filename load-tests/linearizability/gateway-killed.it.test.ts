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
  'kill -9 of gateways under way loses and doubles nothing, and clients go on at the other one',
  async () => {
    const killer = new KillInTurn(stage.gateways, stage);
    const met = await runSeeds(stage, {
      name: 'gateway-killed',
      ...SIZES.historiesWithKills,
      // Long enough for each gateway to be killed and to come back.
      stretch: 2,
      disturb: (random, signal) => killer.killUntil(random, signal),
    });
    expect(killer.kills).toBeGreaterThanOrEqual(2);
    expect(met['accepted']).toBeGreaterThan(0);
    expect(met['replayed']).toBeGreaterThan(0);
    expect(met['event bid']).toBeGreaterThan(0);
  },
  LONG_TEST_MS,
);
