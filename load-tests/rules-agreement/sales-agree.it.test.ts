import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { AgreementRedis } from './testing/agreement-redis.ts';
import { saleRun } from './testing/random-sales.ts';
import { runSaleAgreements } from './testing/sale-agreement.ts';

const STEPS_PER_SALE = 200;
const SALES_AT_ONCE = 3;
const COMMANDS_TO_TELL_APART = 200_000;

let server: AgreementRedis;

beforeAll(async () => {
  server = await AgreementRedis.start();
}, 60_000);

afterAll(() => server.stop());

const chunk = fc.array(saleRun(STEPS_PER_SALE), {
  minLength: SALES_AT_ONCE,
  maxLength: SALES_AT_ONCE,
});

/** Runs random sales, several at once; the seed in a failure gives the same sales again. */
function runMany(commands: number, body = decideScriptBody(), seed?: number): Promise<number> {
  const decider = new DecideScript(server.redis, body);
  return server.runChunks(
    commands,
    (seedOfChunk, outage) => {
      const [sales = []] = fc.sample(chunk, { numRuns: 1, seed: seedOfChunk });
      return runSaleAgreements(server.redis, decider, sales, outage);
    },
    { outages: true, seed },
  );
}

describe('the script and the reference model of sales', () => {
  test(
    `agree on ${SIZES.agreementCommands} random commands, of sales and their lots in one call`,
    async () => {
      expect(await runMany(SIZES.agreementCommands)).toBeGreaterThan(0);
    },
    LONG_TEST_MS,
  );
});
