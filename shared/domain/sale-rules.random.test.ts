/** What must hold of every sale, whatever is done to it in whichever order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scheduledAuction, type AuctionTerms, type Command } from './auction-rules.ts';
import { DEFAULT_INCREMENTS } from './increments.ts';
import {
  addLot,
  committed,
  decideOnLot,
  decideOnSale,
  newSale,
  passLotTime,
  passSaleTime,
  type Sale,
  type SaleCommand,
  type SaleConditions,
  type SaleDecision,
} from './sale-rules.ts';

const LOTS = 4;
const SELLER = 'sam';

type Step =
  | { readonly on: 'lot'; readonly lot: number; readonly command: Command }
  | { readonly on: 'sale'; readonly command: SaleCommand };

const user = fc.constantFrom('ann', 'bob', 'cid', 'dee');
const oneToFour = fc.integer({ min: 1, max: 4 });
const byAdmin = { userId: fc.constant('root'), admin: fc.constant(true) };
const amount = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 1_500 }) },
  { weight: 1, arbitrary: oneToFour.map((n) => n * 400) },
);

const bid: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('bid'), userId: user, maxAmount: amount }),
  fc.record({ kind: fc.constant('bid'), userId: user, amount }),
);
const buy: fc.Arbitrary<Command> = fc.record({ kind: fc.constant('buy'), userId: user });
const removal: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant('remove'),
  userId: fc.constant('root'),
  alias: oneToFour,
});
const managing: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom('pause', 'resume', 'resume', 'cancel'),
  ...byAdmin,
});
const registering: fc.Arbitrary<SaleCommand> = fc.record({
  kind: fc.constant('register'),
  userId: user,
});
const admission: fc.Arbitrary<SaleCommand> = fc.record(
  {
    kind: fc.constantFrom('approve', 'approve', 'approve', 'refuse', 'block'),
    ...byAdmin,
    paddle: oneToFour,
    limit: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_500 })),
  },
  { requiredKeys: ['kind', 'userId', 'admin', 'paddle'] },
);
const pausing: fc.Arbitrary<SaleCommand> = fc.record({
  kind: fc.constantFrom('pause', 'resume', 'resume'),
  ...byAdmin,
});

const onLot = (weight: number, command: fc.Arbitrary<Command>) => ({
  weight,
  arbitrary: fc.record({ on: fc.constant('lot'), lot: oneToFour, command }),
});
const onSale = (weight: number, command: fc.Arbitrary<SaleCommand>) => ({
  weight,
  arbitrary: fc.record({ on: fc.constant('sale'), command }),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  onLot(30, bid),
  onLot(1, buy),
  onLot(3, removal),
  onLot(3, managing),
  onSale(3, registering),
  onSale(4, admission),
  onSale(2, pausing),
);

const conditions = fc.record({
  registration: fc.constantFrom('open', 'open', 'approval', 'none'),
  defaultLimit: fc.constantFrom(0, 800, 1_500, 2_500),
});

const terms = fc.record({
  reservePrice: fc.constantFrom(0, 0, 700),
  buyNowPrice: fc.constantFrom(0, 0, 900),
  startsAt: fc.constantFrom(0, 0, 20),
});

const CONDITIONS: SaleConditions = {
  sellerId: SELLER,
  title: 'Lamps',
  description: '',
  currency: 'EUR',
  startsAt: 0,
  firstLotEndsAt: 100,
  staggerMs: 0,
  registration: 'open',
  defaultLimit: 0,
  softWindowMs: 0,
  softExtendMs: 0,
  graceMs: 0,
};

const TERMS: AuctionTerms = {
  sellerId: SELLER,
  startPrice: 100,
  reservePrice: 0,
  buyNowPrice: 0,
  increments: DEFAULT_INCREMENTS,
  softWindowMs: 0,
  softExtendMs: 0,
  startsAt: 0,
  hardEndsAt: 1_000_000,
  highestBid: 0,
  graceMs: 0,
};

/** What the bidder owes, by what the lots say of the bidder alone. */
const owedByLots = (sale: Sale, userId: string): number =>
  [...sale.lots.values()]
    .filter(({ leader }) => leader === userId)
    .reduce((sum, { status, outcome, price, bidders }) => {
      if (status === 'ended') return sum + (outcome === 'sold' ? price : 0);
      return sum + (bidders.get(userId)?.maximum ?? 0);
    }, 0);

/** What is wrong with the sale; an `expect` for each would take most of the time. */
function faultsOf(sale: Sale): string[] {
  const faults: string[] = [];
  const { registration } = sale.conditions;
  let paddles = 0;
  for (const [userId, { paddle, limit }] of sale.registrations) {
    const owes = committed(sale, userId);
    const byLots = registration === 'none' ? 0 : owedByLots(sale, userId);
    if (owes !== byLots) faults.push(`${userId} owes ${owes}, by the lots ${byLots}`);
    if (limit > 0 && owes > limit) faults.push(`${userId} owes ${owes}, above ${limit}`);
    paddles += 1;
    if (paddle !== paddles) faults.push(`paddle ${paddle} is the ${paddles}th`);
  }
  const lots = [...sale.lots.values()];
  const isOpen = lots.some(({ status }) => status !== 'ended' && status !== 'cancelled');
  if ((sale.status === 'ended' && isOpen) || (sale.status === 'live' && !isOpen)) {
    faults.push(`the sale is ${sale.status}`);
  }
  for (const { endsAt, leader, leaderMax, bidders } of lots) {
    if (endsAt > sale.endsAt) faults.push('a lot ends after the sale');
    const maximum = leader === undefined ? 0 : bidders.get(leader)?.maximum;
    if (leaderMax !== maximum) faults.push(`${leader} leads with ${leaderMax}, not ${maximum}`);
  }
  return faults;
}

/** Time passes for the sale and for one lot, as if only that were asked for. */
function play(before: Sale, step: Step, now: number): { sale: Sale; decision: SaleDecision } {
  const { sale } = passSaleTime(before, now);
  if (step.on === 'sale') return { sale, decision: decideOnSale(sale, step.command, now) };
  const visited = passLotTime(sale, step.lot, now);
  return { sale: visited.sale, decision: decideOnLot(visited.sale, step.lot, step.command, now) };
}

function saleWithLots(
  chosen: Pick<SaleConditions, 'registration' | 'defaultLimit'>,
  lots: readonly Partial<AuctionTerms>[],
): Sale {
  const created = newSale({ ...CONDITIONS, ...chosen }, 0);
  if (typeof created === 'string') throw new Error(created);
  return lots.reduce((sale, own, i) => {
    const endsAt = CONDITIONS.firstLotEndsAt + 40 * i;
    return addLot(sale, i + 1, scheduledAuction({ ...TERMS, ...own }, endsAt), 0).sale;
  }, created);
}

test('nobody ever owes more than the limit, and what is owed is what the lots say', () => {
  const answers = new Map<string, number>();
  fc.assert(
    fc.property(
      conditions,
      fc.array(terms, { minLength: LOTS, maxLength: LOTS }),
      fc.array(fc.tuple(step, fc.integer({ min: 0, max: 4 })), { minLength: 60, maxLength: 120 }),
      (chosen, lots, steps) => {
        let sale = saleWithLots(chosen, lots);
        let now = 0;
        for (const [each, ms] of steps) {
          now += ms;
          const played = play(sale, each, now);
          const { decision } = played;
          const answer = `${each.command.kind} ${decision.accepted ? 'OK' : decision.code}`;
          answers.set(answer, (answers.get(answer) ?? 0) + 1);
          sale = decision.accepted ? decision.sale : played.sale;
          const faults = faultsOf(sale);
          if (faults.length > 0) throw new Error(faults.join('; '));
        }
      },
    ),
    { seed: 16, numRuns: 400 },
  );
  // It says something only where limits matter, and bidders are removed.
  for (const answer of ['bid OVER_LIMIT', 'approve LIMIT_BELOW_COMMITTED', 'remove OK']) {
    expect(answers.get(answer) ?? 0, answer).toBeGreaterThan(50);
  }
});
