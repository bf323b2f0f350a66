/** Random sales, whose limits and ends are close enough to matter. */
import fc from 'fast-check';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import type { SaleConditions } from '@outcry/shared/domain/sale-rules.ts';
import {
  kind,
  oneIn,
  randomCommand,
  randomCreation,
  SELLER,
  user,
  USERS,
  userOrSeller,
  weighted,
  type RandomCommand,
} from './random-commands.ts';

export interface SaleRun {
  /** Times are relative to the start of the run. */
  readonly conditions: SaleConditions;
  /** What is done before there are lots. */
  readonly opening: readonly SaleRunStep[];
  /** Those that are there from the beginning. */
  readonly lots: readonly RandomLot[];
  readonly steps: readonly SaleRunStep[];
  readonly concurrency: number;
}

export interface RandomLot {
  readonly lot: number;
  readonly creation: Creation;
  /** It says itself when it starts and ends. */
  readonly hasOwnTimes: boolean;
  /** Its seller has not seen the sale's newest terms. */
  readonly isOutdated: boolean;
}

export type SaleRunStep =
  | { readonly kind: 'wait'; readonly ms: number }
  /** Repeats what was sent so many commands before. */
  | { readonly kind: 'again'; readonly back: number; readonly changed: boolean }
  | { readonly kind: 'auction'; readonly lot: number; readonly command: RandomCommand }
  | ({ readonly kind: 'lot' } & RandomLot)
  | { readonly kind: 'register' | 'own' | 'look'; readonly userId: string }
  | {
      readonly kind: 'admit';
      readonly userId: string;
      readonly admin: boolean;
      readonly decision: 'approve' | 'refuse' | 'block';
      readonly paddle: number;
      readonly limit: RandomLimit;
    }
  | {
      readonly kind: 'pause' | 'resume';
      readonly userId: string;
      readonly admin: boolean;
    }
  | {
      readonly kind: 'edit';
      readonly userId: string;
      readonly admin: boolean;
      readonly changes: Partial<SaleConditions>;
    };

/** A new limit: what is committed and a little, or an amount. */
export type RandomLimit =
  | { readonly kind: 'keep' | 'none' }
  | { readonly kind: 'committed'; readonly plus: number }
  | { readonly kind: 'amount'; readonly amount: number };

const MAX_LOTS = 6;
const FIRST_LOTS = 3;

const lotNumber = fc.integer({ min: 1, max: MAX_LOTS });
const admin = oneIn(2);
/** Mostly who may. */
const manager = weighted([4, fc.constant(SELLER)], [1, user]);

const asLotStep = (lot: RandomLot): SaleRunStep => ({ kind: 'lot', ...lot });

const lotWith = (lot: fc.Arbitrary<number>, isOutdated: fc.Arbitrary<boolean>) =>
  fc.record({ lot, creation: randomCreation, hasOwnTimes: oneIn(3), isOutdated });

const amount = fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 30_000 }));
const limit: fc.Arbitrary<RandomLimit> = weighted<RandomLimit>(
  [2, fc.record({ kind: fc.constant('keep') })],
  [1, fc.record({ kind: fc.constant('none') })],
  [
    4,
    fc.record({
      kind: fc.constant('committed'),
      plus: fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -200, max: 2_000 })),
    }),
  ],
  [2, fc.record({ kind: fc.constant('amount'), amount })],
);

const changes: fc.Arbitrary<Partial<SaleConditions>> = fc.oneof(
  fc.constant({}),
  fc.record({ title: fc.constantFrom('Lamps', 'Chairs') }),
  fc.record({ registration: fc.constantFrom('none', 'open', 'approval') }),
  fc.record({ defaultLimit: fc.oneof(fc.constant(0), amount) }),
  fc.record({ currency: fc.constantFrom('USD', 'EUR') }),
  fc.record({ staggerMs: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ softWindowMs: fc.constant(3) }),
);

/** Many bids come near the bidder's limit, and removals are frequent. */
const commandOnLot = weighted<RandomCommand>(
  [16, randomCommand.filter((each) => each.kind !== 'retry' && each.kind !== 'wait')],
  [1, fc.record({ kind: fc.constant('remove'), alias: fc.integer({ min: 1, max: USERS.length }) })],
  [
    4,
    fc.record({
      kind: fc.constant('bid'),
      userId: user,
      exact: fc.boolean(),
      offer: fc.record({ base: fc.constant('most'), plus: fc.constantFrom(-1, 0, 1, 25) }),
    }),
  ],
);

const edit: fc.Arbitrary<SaleRunStep> = fc.record({
  kind: kind('edit'),
  userId: manager,
  admin,
  changes,
});

const step = weighted<SaleRunStep>(
  [
    60,
    fc.record({
      kind: fc.constant('auction'),
      // Most on a few lots, or nobody would be outbid.
      lot: weighted([3, fc.integer({ min: 1, max: 2 })], [2, lotNumber]),
      command: commandOnLot,
    }),
  ],
  [5, fc.record({ kind: kind('wait'), ms: fc.integer({ min: 1, max: 6 }) })],
  [8, fc.record({ kind: kind('again'), back: fc.integer({ min: 1, max: 12 }), changed: oneIn(5) })],
  [4, fc.tuple(lotWith(lotNumber, oneIn(10))).map(([lot]) => asLotStep(lot))],
  [6, fc.record({ kind: kind('register', 'own', 'look'), userId: userOrSeller })],
  [
    10,
    fc.record({
      kind: kind('admit'),
      userId: manager,
      admin: oneIn(6),
      decision: weighted([8, fc.constant('approve')], [1, fc.constantFrom('refuse', 'block')]),
      paddle: fc.integer({ min: 1, max: USERS.length + 1 }),
      limit,
    }),
  ],
  [1, fc.record({ kind: kind('pause'), userId: manager, admin })],
  [6, fc.record({ kind: kind('resume'), userId: manager, admin })],
  [2, edit],
);

const drawnConditions = fc.record({
  startInMs: fc.constantFrom(0, 0, 20, 100),
  lastsMs: fc.integer({ min: 50, max: 800 }),
  staggerMs: fc.integer({ min: 0, max: 60 }),
  registration: fc.constantFrom('none', 'open', 'open', 'open', 'approval'),
  defaultLimit: fc.constantFrom(0, 300, 2_000, 12_000, 30_000),
  softWindowMs: fc.constantFrom(0, 0, 10, 40),
  softExtendMs: fc.constantFrom(1, 10, 40),
  graceMs: fc.constantFrom(0, 20, 60),
});

const conditions = drawnConditions.map(({ startInMs, lastsMs, ...rest }): SaleConditions =>
  Object.assign(rest, {
    sellerId: SELLER,
    title: 'Lamps',
    description: '',
    currency: 'USD',
    startsAt: startInMs,
    firstLotEndsAt: startInMs + lastsMs,
    softExtendMs: rest.softWindowMs === 0 ? 0 : rest.softExtendMs,
  }),
);

/** @param steps how many each has, besides what prepares it */
export const saleRun = (steps: number): fc.Arbitrary<SaleRun> =>
  fc.record({
    conditions,
    opening: fc.array(edit, { maxLength: 3 }),
    lots: fc
      .array(lotWith(fc.constant(0), fc.constant(false)), {
        minLength: FIRST_LOTS,
        maxLength: FIRST_LOTS + 1,
      })
      .map((lots) =>
        lots.map(({ creation, hasOwnTimes, isOutdated }, i) => {
          return { lot: i + 1, creation, hasOwnTimes, isOutdated };
        }),
      ),
    steps: fc.array(step, { minLength: steps, maxLength: steps }),
    concurrency: fc.constantFrom(1, 4, 16, 40),
  });
