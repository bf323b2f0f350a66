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

  const PLANTED: readonly (readonly [string, string, string])[] = [
    [
      'the limit is ignored',
      'return member.committed - committed_here + offered > member.limit',
      'return false',
    ],
    [
      'what a lot counts is added to what it counted before',
      'member.committed - committed_here + offered',
      'member.committed + offered',
    ],
    ['who is outbid stays committed', 'former.committed = former.committed - auction.owed', ''],
    [
      'a lot that is won counts the own maximum',
      "if auction.outcome == 'sold' then return auction.leader, auction.price end",
      "if auction.outcome == 'sold' then return auction.leader, auction.leader_max end",
    ],
    ['a paddle is given twice', 'sale.paddles = sale.paddles + 1', 'sale.paddles = 1'],
    [
      'a limit may be set below what is committed',
      'limit > 0 and limit < member.committed',
      'limit > 0 and limit + 1 < member.committed',
    ],
    [
      'a lot that was paused alone resumes with the sale',
      "auction.status == 'paused' and auction.paused_at >= paused_at",
      "auction.status == 'paused'",
    ],
    [
      'a removal gives the lead to who may not owe so much',
      'not sales.is_over_limit(auction, user, bidder.maximum)',
      'true',
    ],
    [
      'a lot that starts in the instant of a pause does not start the sale',
      'if auction.has_started then',
      "if auction.has_started and status == 'live' then",
    ],
  ];
  test.each(PLANTED)(
    'are told apart when %s (planted in the script)',
    async (_what, right, wrong) => {
      const body = decideScriptBody();
      expect(body.split(right)).toHaveLength(2);
      await expect(runMany(COMMANDS_TO_TELL_APART, body.replace(right, wrong))).rejects.toThrow(
        /the script says/,
      );
    },
    LONG_TEST_MS,
  );
});
