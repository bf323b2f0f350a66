import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { decide, type Outage } from '@outcry/shared/domain/auction-rules.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { runAgreements, type AgreementRun, type Interruption } from './testing/agreement-run.ts';
import { Disagreement } from './testing/expected-answers.ts';
import { REFERENCE_RULES, type Rules } from './testing/model-auction.ts';
import { randomCommand, randomCreation } from './testing/random-commands.ts';

const COMMANDS_PER_AUCTION = 100;
const AUCTIONS_AT_ONCE = 8;
const RESTARTS = 5;
/** At least ten times what the rarest defect was ever seen to take (20,000); most take a hundred. */
const COMMANDS_TO_TELL_APART = 200_000;
/** Chunks of auctions after which Redis is emptied. */
const CLEAN_EVERY = 50;

const log = createLogger('test', 'silent');
let folder: string;
let server: LocalServer;
let redis: Redis;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-agreement-'));
  server = await startRedis({ dataDir: folder });
  redis = openRedis(server.url, 'test', log, { enableAutoPipelining: true });
  await untilReady(redis, 5_000);
  await markShardsWhole(redis, 1);
}, 60_000);

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Runs of hours say how far they are. */
const SHOW_EVERY = 250_000;

const agreementRun: fc.Arbitrary<AgreementRun> = fc.record({
  creation: randomCreation,
  commands: fc.array(randomCommand, {
    minLength: COMMANDS_PER_AUCTION,
    maxLength: COMMANDS_PER_AUCTION,
  }),
  concurrency: fc.constantFrom(1, 4, 16, 40),
});

/**
 * Runs random auctions, several at once; the seed in a failure gives the same auctions again.
 * @returns how many script calls decided commands of several auctions
 */
async function runMany(
  commands: number,
  options: { body?: string; rules?: Rules; interrupt?: Interruption; seed?: number } = {},
): Promise<number> {
  const decider = new DecideScript(redis, options.body ?? decideScriptBody());
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const atOnce = options.interrupt === undefined ? AUCTIONS_AT_ONCE : 1;
  const chunk = fc.array(agreementRun, { minLength: atOnce, maxLength: atOnce });
  const { rules = REFERENCE_RULES, interrupt } = options;
  let compared = 0;
  let sharedCalls = 0;
  for (let i = 0; compared < commands; i += 1) {
    const [auctions = []] = fc.sample(chunk, { numRuns: 1, seed: seed + i });
    const outage = interrupt === undefined ? await outageOfChunk(i) : undefined;
    try {
      const counts = await runAgreements(decider, auctions, {
        rules,
        outage,
        ...(interrupt === undefined ? {} : { interrupt }),
      });
      const before = compared;
      compared += counts.commands;
      sharedCalls += counts.sharedCalls;
      if (Math.floor(before / SHOW_EVERY) < Math.floor(compared / SHOW_EVERY)) {
        console.log(`${compared} commands compared, seed ${seed + i}`);
      }
    } catch (error) {
      throw new Error(`seed ${seed + i}: ${String(error)}`, { cause: error });
    }
    if (i % CLEAN_EVERY === CLEAN_EVERY - 1) {
      await redis.flushall();
      await markShardsWhole(redis, 1);
    }
  }
  return sharedCalls;
}

/** Every third chunk lives while the engine is thought to be away, so that ends come after a grace. */
async function outageOfChunk(nth: number): Promise<Outage | undefined> {
  const { attended } = shardKeys(0);
  await redis.del(attended);
  if (nth % 3 > 0) return undefined;
  const outage = { awayAt: Date.now(), backAt: Date.now() + 150 };
  await redis.hset(attended, outage);
  return outage;
}

describe('the script and the reference model', () => {
  test(
    `agree on ${SIZES.agreementCommands} random commands, of several auctions in one call`,
    async () => {
      expect(await runMany(SIZES.agreementCommands)).toBeGreaterThan(0);
    },
    LONG_TEST_MS,
  );

  test(
    'agree across restarts of Redis, with a new epoch after each',
    { timeout: 60_000 },
    async () => {
      await runMany(RESTARTS * COMMANDS_PER_AUCTION, {
        interrupt: async () => {
          await server.kill();
          await server.start();
          await untilReady(redis, 5_000);
          await markShardsWhole(redis, 1);
        },
      });
    },
  );

  const PLANTED: readonly (readonly [string, string, string])[] = [
    ['a tie goes to the later bidder', 'offered > leader_max then', 'offered >= leader_max then'],
    [
      'the minimum bid itself is refused',
      'offered < auction.least then',
      'offered <= auction.least then',
    ],
    [
      'an equal maximum counts as a raise',
      'offered <= leader_max then',
      'offered < leader_max then',
    ],
    ['the end is included', 'now >= auction.ends_at then', 'now > auction.ends_at then'],
    [
      'the reserve must be exceeded',
      'auction.leader_max >= auction.reserve_price',
      'auction.leader_max > auction.reserve_price',
    ],
    [
      'a first bid at the buy-now price does not buy',
      'offered >= auction.buy_now_price then',
      'offered > auction.buy_now_price then',
    ],
    [
      'the soft window starts late',
      'now >= auction.ends_at - auction.soft_window',
      'now > auction.ends_at - auction.soft_window',
    ],
    [
      'a removed bidder is followed by the later of equals',
      'bidder.since < other.since',
      'bidder.since > other.since',
    ],
    ['a pause moves no end', 'auction.ends_at = auction.ends_at + length', ''],
    ['an outage grants too little', 'back_at + auction.grace_ms', 'back_at + auction.grace_ms - 1'],
    [
      'the highest bid itself is refused',
      'offered > auction.highest_bid then',
      'offered >= auction.highest_bid then',
    ],
    [
      'an auction inherits the bidders of the one before it in the call',
      'local bidders, answers = {}, {}',
      'commands.kept = commands.kept or {}; local bidders, answers = commands.kept, {}',
    ],
    [
      'an auction inherits the increments of the one before it in the call',
      'local rows = increments_of[auction.increments]',
      'auctions.kept = auctions.kept or auction.increments local rows = increments_of[auctions.kept]',
    ],
  ];
  test.each(PLANTED)(
    'are told apart when %s (planted in the script)',
    async (_what, right, wrong) => {
      const body = decideScriptBody();
      expect(body.split(right)).toHaveLength(2);
      await expect(
        runMany(COMMANDS_TO_TELL_APART, { body: body.replace(right, wrong) }),
      ).rejects.toThrow(/the script says/);
    },
    LONG_TEST_MS,
  );

  test(
    'are told apart when the model lets a tie win (planted in the model)',
    async () => {
      const rules: Rules = {
        ...REFERENCE_RULES,
        decide: (auction, command, now) =>
          command.kind === 'bid' &&
          'maxAmount' in command &&
          command.maxAmount === auction.leaderMax
            ? decide(auction, { ...command, maxAmount: command.maxAmount + 1 }, now)
            : decide(auction, command, now),
      };
      const failed = await runMany(COMMANDS_TO_TELL_APART, { rules }).catch(
        (error: unknown) => error,
      );
      expect(failed).toBeInstanceOf(Error);
      expect((failed as Error).cause).toBeInstanceOf(Disagreement);
    },
    LONG_TEST_MS,
  );
});
