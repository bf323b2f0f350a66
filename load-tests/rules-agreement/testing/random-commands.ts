/** Random auctions and commands, chosen so that every rule meets its edges often, and what they say in a run. */
import fc from 'fast-check';
import type { AuctionCommand } from '@outcry/api-gateway/bidding/auction-commands.ts';
import type { Creation } from '@outcry/shared/contracts/events.ts';
import { minimumBid, type Auction } from '@outcry/shared/domain/auction-rules.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';

const DEFAULT_TABLE = DEFAULT_INCREMENTS.map((row) => `${row.from}:${row.by}`).join(',');
export const USERS = ['ann', 'bob', 'cid', 'dee', 'eve'];
export const SELLER = 'sam';

/** A bid is drawn relative to the state it meets, or most would be refused as too low. */
export type RandomCommand =
  | {
      readonly kind: 'bid';
      readonly userId: string;
      readonly exact: boolean;
      readonly offer: Offer;
    }
  | {
      readonly kind: 'buy' | 'cancel' | 'pause' | 'resume' | 'withdraw' | 'me';
      readonly userId: string;
      readonly admin: boolean;
    }
  | { readonly kind: 'extend'; readonly userId: string; readonly byMs: number }
  | { readonly kind: 'remove'; readonly alias: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'retry'; readonly back: number; readonly changed: boolean };

/** `base` is what the offer is near to; `plus` is added. */
export interface Offer {
  readonly base:
    | 'minimum'
    | 'leaderMax'
    | 'reserve'
    | 'price'
    | 'buyNow'
    | 'highestBid'
    | 'most'
    | 'highest';
  readonly plus: number;
}

/** One of several, as often as their weights say. */
export const weighted = <T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]) =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
/** One of several names. */
export const kind = <T extends string>(...kinds: [T, ...T[]]) => fc.constantFrom(...kinds);
const base = <T extends Offer['base']>(...bases: [T, ...T[]]) => fc.constantFrom(...bases);
export const oneIn = (times: number) => fc.integer({ min: 1, max: times }).map((n) => n === 1);

export const user = fc.constantFrom(...USERS);
export const userOrSeller = weighted([9, user], [1, fc.constant(SELLER)]);
const offer: fc.Arbitrary<Offer> = fc.record({
  base: weighted<Offer['base']>(
    [300, base('minimum', 'minimum', 'leaderMax', 'leaderMax', 'reserve', 'price')],
    [20, base('buyNow', 'highestBid')],
    [1, base('highest')],
  ),
  plus: fc.oneof(fc.constantFrom(-1, 0, 0, 1, 5, 25), fc.integer({ min: -100, max: 5_000 })),
});

/** One step of a run. */
export const randomCommand = weighted<RandomCommand>(
  [60, fc.record({ kind: kind('bid'), userId: userOrSeller, exact: fc.boolean(), offer })],
  [2, fc.record({ kind: kind('buy', 'cancel'), userId: userOrSeller, admin: oneIn(10) })],
  [1, fc.record({ kind: kind('pause'), userId: userOrSeller, admin: oneIn(2) })],
  [4, fc.record({ kind: kind('resume'), userId: userOrSeller, admin: oneIn(2) })],
  [1, fc.record({ kind: kind('remove'), alias: fc.integer({ min: 1, max: USERS.length }) })],
  [3, fc.record({ kind: kind('me'), userId: user, admin: fc.constant(false) })],
  [1, fc.record({ kind: kind('withdraw'), userId: user, admin: fc.constant(false) })],
  [
    3,
    fc.record({
      kind: kind('extend'),
      userId: userOrSeller,
      byMs: fc.integer({ min: -20, max: 60 }),
    }),
  ],
  [3, fc.record({ kind: kind('wait'), ms: fc.integer({ min: 1, max: 6 }) })],
  [
    6,
    fc.record({
      kind: kind('retry'),
      back: fc.integer({ min: 1, max: 12 }),
      changed: oneIn(5),
    }),
  ],
);

/** Terms of an auction that lives for a fraction of a second, in Redis's real time. */
export const randomCreation: fc.Arbitrary<Creation> = fc
  .record({
    startPrice: fc.constantFrom(1, 99, 100, 1_000, 9_950),
    reserve: fc.constantFrom(0, 0, 0, 50, 1_000, 7_000),
    buyNow: fc.constantFrom(0, 0, 500, 20_000),
    startInMs: fc.constantFrom(0, 0, 0, 0, 5, 15),
    durationMs: fc.integer({ min: 10, max: 250 }),
    softWindowMs: fc.constantFrom(0, 0, 1, 10, 40),
    softExtendMs: fc.constantFrom(1, 10, 40),
    hardAfterMs: fc.constantFrom(0, 0, 20, 300),
    highestBid: fc.constantFrom(0, 0, 0, 100, 5_000),
    graceMs: fc.constantFrom(0, 20, 60),
    increments: fc.constantFrom(DEFAULT_TABLE, DEFAULT_TABLE, '0:1', '0:7,1000:100,5000:3'),
  })
  .map((terms) => {
    const reservePrice = terms.reserve === 0 ? 0 : terms.startPrice + terms.reserve;
    const buyNowPrice = terms.buyNow === 0 ? 0 : terms.startPrice + reservePrice + terms.buyNow;
    const least = Math.max(terms.startPrice, reservePrice, buyNowPrice);
    const endsInMs = terms.startInMs + terms.durationMs;
    return {
      item: { id: '', title: 'A thing' },
      newItem: false,
      sellerId: SELLER,
      currency: 'USD',
      startPrice: terms.startPrice,
      reservePrice,
      buyNowPrice,
      increments: terms.increments,
      // Still relative; the run adds the time at which it creates the auction.
      startsAt: terms.startInMs,
      endsAt: endsInMs,
      durationMs: 0,
      softWindowMs: terms.softWindowMs,
      softExtendMs: terms.softWindowMs === 0 ? 0 : terms.softExtendMs,
      hardEndsAt: terms.hardAfterMs === 0 ? 0 : endsInMs + terms.hardAfterMs,
      highestBid: terms.highestBid === 0 ? 0 : least + terms.highestBid,
      graceMs: terms.graceMs,
    };
  });

/**
 * What a bid command says once the state it aims at is known.
 * @param state 0 where there is no such amount
 */
function offeredAmount(
  chosen: Offer,
  state: Readonly<Record<Exclude<Offer['base'], 'highest'>, number>>,
): number {
  const aim = chosen.base === 'highest' ? MAX_AMOUNT : state[chosen.base] || state.minimum;
  return Math.min(MAX_AMOUNT, Math.max(1, aim + chosen.plus));
}

/** A command without amounts. */
export const plainCommand = (
  kind: AuctionCommand['kind'],
  userId: string,
  rest: Partial<AuctionCommand> = {},
): AuctionCommand => ({
  kind,
  userId,
  admin: false,
  amount: 0,
  maxAmount: 0,
  key: '',
  fingerprint: kind,
  ...rest,
});

/** The longest of the pauses in a burst. */
export async function waitFor(burst: readonly object[]): Promise<void> {
  const ms = Math.max(
    0,
    ...burst.map((each) => ('ms' in each && typeof each.ms === 'number' ? each.ms : 0)),
  );
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Creates an auction whose times are still relative. */
export function createCommand(auctionId: string, relative: Creation): AuctionCommand {
  const now = Date.now();
  const itemId = auctionId.replace('a', 'i');
  const creation: Creation = {
    ...relative,
    item: { ...relative.item, id: itemId },
    startsAt: relative.startsAt === 0 ? 0 : now + relative.startsAt,
    endsAt: now + relative.endsAt,
    hardEndsAt: relative.hardEndsAt === 0 ? 0 : now + relative.hardEndsAt,
  };
  return plainCommand('create', relative.sellerId, {
    creation: {
      creationText: JSON.stringify(creation),
      openTermsText: JSON.stringify({ id: auctionId, item: creation.item }).slice(0, -1),
      itemText: '',
    },
  });
}

/**
 * Turns a random step into a command on the auction as it stands.
 * @param most what the bidder may owe for it at most, 0 without a limit
 */
export function concrete(
  step: RandomCommand,
  auction: Auction,
  sent: readonly AuctionCommand[],
  most = 0,
): AuctionCommand | undefined {
  const key = `key-${sent.length}`;
  switch (step.kind) {
    case 'wait':
      return undefined;
    case 'retry': {
      const earlier = sent.at(-step.back);
      if (earlier === undefined) return undefined;
      return step.changed ? { ...earlier, fingerprint: 'changed' } : earlier;
    }
    case 'extend': {
      const endsAt = auction.endsAt + step.byMs;
      return plainCommand('extend', step.userId, { amount: endsAt, fingerprint: `${endsAt}`, key });
    }
    case 'bid': {
      const amount = offeredAmount(step.offer, {
        minimum: minimumBid(auction) ?? MAX_AMOUNT,
        leaderMax: auction.leaderMax,
        reserve: auction.terms.reservePrice,
        price: auction.price,
        buyNow: auction.terms.buyNowPrice,
        highestBid: auction.terms.highestBid,
        most,
      });
      const offer = step.exact ? { amount } : { maxAmount: amount };
      // Every third bid comes without a key, as from clients that do not retry.
      return plainCommand('bid', step.userId, {
        ...offer,
        fingerprint: `${amount}`,
        key: sent.length % 3 === 0 ? '' : key,
      });
    }
    case 'remove':
      return plainCommand('remove', 'admin', {
        admin: true,
        amount: step.alias,
        fingerprint: `remove:${step.alias}`,
        key,
        reason: 'No identity card',
      });
    case 'pause':
    case 'resume':
      return plainCommand(step.kind, step.userId, {
        admin: step.admin,
        key,
        reason: 'Une pause, déjà ?',
      });
    default:
      return plainCommand(step.kind, step.userId, { admin: step.admin, key });
  }
}
