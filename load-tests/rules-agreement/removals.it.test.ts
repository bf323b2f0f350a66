/** Removing a bidder leaves what the model gives without that bidder's bids; see check-removals.ts. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import type {
  AuctionCommand,
  AuctionDecider,
} from '@outcry/api-gateway/bidding/auction-commands.ts';
import { eventLines, type Creation } from '@outcry/shared/contracts/events.ts';
import { shardedId } from '@outcry/shared/domain/ids.ts';
import { checkRemovals } from '@outcry/shared/testing/check-removals.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import { AgreementRedis } from './testing/agreement-redis.ts';
import { FollowedEngine, type Follow } from './testing/followed-engine.ts';
import { ModelAuction } from './testing/model-auction.ts';
import {
  concrete,
  createCommand,
  kind,
  randomCommand,
  randomCreation,
  SELLER,
  user,
  waitFor,
  weighted,
  type RandomCommand,
} from './testing/random-commands.ts';

const AUCTIONS_AT_ONCE = 8;
/** At least ten times what the rarest defect was ever seen to take. */
const AUCTIONS_TO_TELL_APART = 20_000;

let server: AgreementRedis;

beforeAll(async () => {
  server = await AgreementRedis.start();
}, 60_000);

afterAll(() => server.stop());

/** The clocks on which removals are decided: the engine's own, and such as are ahead of it. */
const CLOCKS_AHEAD_MS = [0, 2_000, 3_599_000, 3_601_000];

interface RemovalRun {
  readonly creation: Creation;
  /** Each ends with a removal. */
  readonly parts: readonly {
    readonly commands: readonly RandomCommand[];
    /** Which of the bidders there are then. */
    readonly nth: number;
    /** On which of {@link CLOCKS_AHEAD_MS}. */
    readonly clock: number;
  }[];
  readonly rest: readonly RandomCommand[];
}

/** With more pauses and more equal maxima than others have. */
const commands = fc.array(
  weighted<RandomCommand>(
    [30, randomCommand.filter((each) => each.kind !== 'remove' && each.kind !== 'me')],
    [1, fc.record({ kind: kind('pause'), userId: fc.constant(SELLER), admin: fc.constant(false) })],
    [
      4,
      fc.record({
        kind: kind('bid'),
        userId: user,
        exact: fc.constant(false),
        offer: fc.constant({ base: 'leaderMax', plus: 0 }),
      }),
    ],
  ),
  { minLength: 3, maxLength: 25 },
);

const removalRun: fc.Arbitrary<RemovalRun> = fc.record({
  // Where increments fall with the price, what was high enough at one price may be too low at a lower one.
  creation: randomCreation.filter(({ increments }) => !increments.endsWith('5000:3')),
  parts: fc.array(
    fc.record({
      commands,
      nth: fc.nat({ max: 100 }),
      clock: weighted([10, fc.constant(0)], [2, fc.constant(1)], [1, fc.constantFrom(2, 3)]),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  rest: commands,
});

interface RemovalCounts {
  /** Removals that were made. */
  removals: number;
  /** How often each answer to a removal came, by the auction's status behind it. */
  readonly answers: Map<string, number>;
}

/**
 * Runs auctions of one shard side by side.
 * @param deciders one for each of {@link CLOCKS_AHEAD_MS}
 * @param options `byLogAlone`: nothing is held against the model
 * @throws Disagreement where the script and the model differ
 * @throws Error where a log does not say what {@link checkRemovals} asks for
 */
async function runRemovals(
  deciders: readonly AuctionDecider[],
  runs: readonly RemovalRun[],
  options: { readonly counts: RemovalCounts; readonly byLogAlone: boolean },
): Promise<void> {
  const engines = deciders.map((decider) => new FollowedEngine(decider));
  try {
    const lines = await Promise.all(runs.map((run) => runAuction(engines, run, options)));
    for (const each of lines) options.counts.removals += checkRemovals(each);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}

/** @returns the lines of the auction's log */
async function runAuction(
  engines: readonly FollowedEngine[],
  run: RemovalRun,
  { counts, byLogAlone }: { readonly counts: RemovalCounts; readonly byLogAlone: boolean },
): Promise<string[]> {
  const auctionId = shardedId('a', 0, randomUUID());
  const model = new ModelAuction();
  const sent: AuctionCommand[] = [];
  const follow: Follow = (_, decided, batch) => {
    try {
      model.follow(decided, batch);
    } catch (error) {
      if (!byLogAlone) throw error;
    }
    decided.forEach((command, i) => {
      const [code = ''] = batch.answers[i]?.split(' ') ?? [];
      if (command.kind !== 'remove' || !code.startsWith('+')) return;
      const answer = `${model.auction.status} ${code.slice(1)}`;
      counts.answers.set(answer, (counts.answers.get(answer) ?? 0) + 1);
    });
  };
  for (const engine of engines) engine.add(follow)(auctionId);
  const submit = async (step: RandomCommand, clock = 0): Promise<void> => {
    const command = concrete(step, model.auction, sent);
    if (command === undefined) return;
    sent.push(command);
    await engines[clock]?.submit(auctionId, command);
  };
  const play = async (steps: readonly RandomCommand[]): Promise<void> => {
    for (const step of steps) {
      await submit(step);
      await waitFor([step]);
    }
  };
  // A clock that jumps would ask for a grace.
  const creation = { ...run.creation, graceMs: 0 };
  await engines[0]?.submit(auctionId, createCommand(auctionId, creation));
  // On a busy machine its short life can be over before it is created.
  if (!model.exists) return [];
  for (const { commands: before, nth, clock } of run.parts) {
    await play(before.slice(0, -IN_BATCH));
    // The last few at once, with the removal where it is decided on the same clock.
    const batched = before.slice(-IN_BATCH).map((step) => submit(step));
    if (clock > 0) await Promise.all(batched);
    const alias = 1 + (nth % Math.max(1, model.auction.bidders.size));
    await Promise.all([...batched, submit({ kind: 'remove', alias }, clock)]);
  }
  await play(run.rest);
  const texts = await loggedTexts(server.redis, 0, auctionId);
  return texts.flatMap((text) => eventLines(text));
}

const IN_BATCH = 3;

/** Runs so many random auctions, several at once. */
async function runMany(
  auctions: number,
  options: { readonly body?: string; readonly byLogAlone?: boolean; readonly seed?: number } = {},
): Promise<RemovalCounts> {
  const { body = decideScriptBody(), byLogAlone = false, seed } = options;
  const counts: RemovalCounts = { removals: 0, answers: new Map() };
  const deciders = await Promise.all(
    CLOCKS_AHEAD_MS.map(async (ms) => {
      const ahead = body.replace('local time_of_call = ', `local time_of_call = ${ms} + `);
      return new DecideScript(await server.connect(), ahead);
    }),
  );
  await server.runChunks(
    auctions,
    removalRun,
    async (runs) => {
      await runRemovals(deciders, runs, { counts, byLogAlone });
      return { commands: runs.length, sharedCalls: 0 };
    },
    { atOnce: AUCTIONS_AT_ONCE, outages: false, seed },
  );
  return counts;
}

test(
  `of ${SIZES.removals} random auctions, each after a removal is as if those bids had not been made`,
  async () => {
    const { removals, answers } = await runMany(SIZES.removals);
    expect(removals).toBeGreaterThan(SIZES.removals / 2);
    const expected = [
      'scheduled BIDDER_NOT_FOUND',
      'live OK',
      'live BIDDER_NOT_FOUND',
      'paused OK',
      'ended OK',
      'ended AUCTION_ENDED',
    ];
    expect([...answers.keys()]).toEqual(expect.arrayContaining(expected));
  },
  LONG_TEST_MS,
);

test(
  'fewer minutes than an hour after the end are told apart (planted in the script)',
  async () => {
    const [right, wrong] = ['REMOVAL_MS = 60 * 60 * 1000', 'REMOVAL_MS = 59 * 60 * 1000'];
    expect(decideScriptBody().split(right)).toHaveLength(2);
    const body = decideScriptBody().replace(right, wrong);
    await expect(runMany(AUCTIONS_TO_TELL_APART, { body })).rejects.toThrow(/the script says/);
  },
  LONG_TEST_MS,
);

const PLANTED: readonly (readonly [string, string, string])[] = [
  [
    'who is removed goes on to count',
    'removed = bidder\n    elseif bidder.maximum > 0',
    'removed = bidder end\n    if bidder.maximum > 0',
  ],
  ['the later of equals follows', 'bidder.since < other.since', 'bidder.since > other.since'],
  [
    'the second highest offer is forgotten',
    'second and rules.price_against(auction, best.maximum, second.maximum)',
    'false',
  ],
  [
    'the highest offer itself is the price',
    'best.maximum, second.maximum)',
    'best.maximum, best.maximum)',
  ],
  [
    'a leader who stays pays more',
    'price = math.min(price, auction.price)',
    'price = math.max(price, auction.price)',
  ],
  [
    'a reserve that is met is not paid',
    'best.maximum)\n    rules.lift_price_to_reserve(auction)',
    'best.maximum)',
  ],
  ['the bids stay counted', 'auction.bid_count = auction.bid_count - removed.bids', ''],
  [
    'the outcome of an ended auction stays',
    "if auction.status == 'ended' then auctions.set_outcome(auction) end",
    '',
  ],
  [
    'the end moves',
    'auction.bid_count = auction.bid_count - removed.bids',
    'auction.bid_count = auction.bid_count - removed.bids; auction.ends_at = auction.ends_at + 1',
  ],
  [
    'who is removed may bid again',
    'removed.has_changed = 0, 0, 0, true',
    'removed.has_changed = 0, 1, 0, true',
  ],
];
test.each(PLANTED)(
  'the events alone tell when %s (planted in the script)',
  async (_what, right, wrong) => {
    const body = decideScriptBody();
    expect(body.split(right)).toHaveLength(2);
    await expect(
      runMany(AUCTIONS_TO_TELL_APART, { body: body.replace(right, wrong), byLogAlone: true }),
    ).rejects.toThrow(/event \d+ of/);
  },
  LONG_TEST_MS,
);
