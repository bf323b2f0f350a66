/** Removing a bidder leaves what the model gives without that bidder's bids; see check-removals.ts. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import { LONG_TEST_MS, SIZES } from '@outcry/shared/testing/sizes.ts';
import { AgreementRedis } from './testing/agreement-redis.ts';
import {
  CLOCKS_AHEAD_MS,
  removalRun,
  runRemovals,
  type RemovalCounts,
} from './testing/removal-run.ts';

const AUCTIONS_AT_ONCE = 8;
/** At least ten times what the rarest defect was ever seen to take. */
const AUCTIONS_TO_TELL_APART = 20_000;

let server: AgreementRedis;

beforeAll(async () => {
  server = await AgreementRedis.start();
}, 60_000);

afterAll(() => server.stop());

const chunk = fc.array(removalRun, { minLength: AUCTIONS_AT_ONCE, maxLength: AUCTIONS_AT_ONCE });

/** Runs so many random auctions, several at once; the seed in a failure gives the same ones again. */
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
    async (seedOfChunk) => {
      const [runs = []] = fc.sample(chunk, { numRuns: 1, seed: seedOfChunk });
      await runRemovals(server.redis, deciders, runs, { counts, byLogAlone });
      return { commands: runs.length, sharedCalls: 0 };
    },
    { outages: false, seed },
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
