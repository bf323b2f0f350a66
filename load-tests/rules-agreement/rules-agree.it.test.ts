/** Random auctions, driven through group commit and the real script, each followed by the model. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import type { AuctionCommand } from '@outcry/api-gateway/bidding/auction-commands.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import { decide, passTime, type Outage } from '@outcry/shared/domain/auction-rules.ts';
import { shardedId } from '@outcry/shared/domain/ids.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { AgreementRedis } from './testing/agreement-redis.ts';
import { Disagreement } from './testing/expected-answers.ts';
import { playTogether, type FollowedEngine } from './testing/followed-engine.ts';
import { ModelAuction, REFERENCE_RULES, type Rules } from './testing/model-auction.ts';
import {
  concrete,
  createCommand,
  randomCommand,
  randomCreation,
  waitFor,
  type RandomCommand,
} from './testing/random-commands.ts';

const COMMANDS_PER_AUCTION = 100;
const AUCTIONS_AT_ONCE = 8;
const RESTARTS = 5;
/** At least ten times what the rarest defect was ever seen to take (20,000); most take a hundred. */
const COMMANDS_TO_TELL_APART = 200_000;

let server: AgreementRedis;

beforeAll(async () => {
  server = await AgreementRedis.start();
}, 60_000);

afterAll(() => server.stop());

interface AgreementRun {
  readonly creation: Creation;
  readonly commands: readonly RandomCommand[];
  /** How many commands are on their way at once: batches form when it is above 1. */
  readonly concurrency: number;
}

/** What the run may do to Redis half-way; gives back when Redis answers again. */
type Interruption = () => Promise<void>;

interface RunOptions {
  readonly rules?: Rules;
  readonly interrupt?: Interruption | undefined;
  /** The shard's last one, as Redis has it. */
  readonly outage?: Outage | undefined;
}

const agreementRun: fc.Arbitrary<AgreementRun> = fc.record({
  creation: randomCreation,
  commands: fc.array(randomCommand, {
    minLength: COMMANDS_PER_AUCTION,
    maxLength: COMMANDS_PER_AUCTION,
  }),
  concurrency: fc.constantFrom(1, 4, 16, 40),
});

/**
 * Runs one auction to the end of its commands. @returns how many there were
 * @throws Disagreement at the first difference between the script and the model
 */
async function runAuction(
  engine: FollowedEngine,
  run: AgreementRun,
  { rules = REFERENCE_RULES, interrupt, outage }: RunOptions,
): Promise<number> {
  const auctionId = shardedId('a', 0, randomUUID());
  const model = new ModelAuction(rules, outage);
  let restarted = false;
  engine.add((_, commands, batch) => {
    model.follow(commands, batch, restarted);
    restarted = false;
  })(auctionId);
  const sent: AuctionCommand[] = [];
  await engine.submit(auctionId, createCommand(auctionId, run.creation));
  // On a busy machine its short life can be over before it is created; both sides refuse it then.
  if (!model.exists) return 0;
  const half = Math.floor(run.commands.length / 2);
  for (let at = 0; at < run.commands.length; at += run.concurrency) {
    if (interrupt !== undefined && at <= half && half < at + run.concurrency) {
      await interrupt();
      restarted = true;
    }
    const burst = run.commands.slice(at, at + run.concurrency);
    await Promise.all(
      burst.flatMap((each) => {
        const command = concrete(each, model.auction, sent);
        if (command === undefined) return [];
        sent.push(command);
        return [engine.submit(auctionId, command)];
      }),
    );
    await waitFor(burst);
  }
  return sent.length;
}

/**
 * Runs random auctions, several at once.
 * @returns how many script calls decided commands of several auctions
 */
function runMany(
  commands: number,
  options: Omit<RunOptions, 'outage'> & { readonly body?: string; readonly seed?: number } = {},
): Promise<number> {
  const { body = decideScriptBody(), seed, ...rest } = options;
  const decider = new DecideScript(server.redis, body);
  const outages = rest.interrupt === undefined;
  return server.runChunks(
    commands,
    agreementRun,
    (auctions, outage) =>
      playTogether(decider, auctions, (engine, run) =>
        runAuction(engine, run, { ...rest, outage }),
      ),
    { atOnce: outages ? AUCTIONS_AT_ONCE : 1, outages, seed },
  );
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
        interrupt: () => server.restart(),
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
    [
      'a removal lowers no price of a leader who stays',
      'price = math.min(price, auction.price)',
      'price = math.max(price, auction.price)',
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
        passTime,
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
