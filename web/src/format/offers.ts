/** What a bidder can offer in a live auction, and what each offer means. */
import { DEFAULT_INCREMENTS, incrementAt } from '@outcry/shared/domain/increments.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { formatMoney } from './money.ts';

export type BidMode = 'maximum' | 'exact';

export interface OfferFacts {
  readonly currency: string;
  /** Minor units, like all amounts here. */
  readonly price: number;
  /** Null where nobody can go higher. */
  readonly minimumBid: number | null;
  readonly leader: number | null;
  /** The reader's own maximum while the reader leads, else undefined. */
  readonly ownMaximum: number | undefined;
}

/** How many increments above the least amount each quick amount goes. */
const STEPS = [0, 1, 3];

/** The least that is not refused: the minimum bid, for the leader more than the own maximum. */
export function leastOffer({ minimumBid, ownMaximum }: OfferFacts): number | null {
  if (ownMaximum === undefined) return minimumBid;
  return ownMaximum < MAX_AMOUNT ? ownMaximum + 1 : null;
}

/**
 * Amounts for the quick buttons, none of which is refused. A maximum goes up from the leader's own;
 * an exact bid from the price, so the leader gets none where the own maximum is far above it.
 */
export function quickAmounts(mode: BidMode, facts: OfferFacts): readonly number[] {
  const { minimumBid, ownMaximum } = facts;
  const least = leastOffer(facts);
  if (least === null) return [];
  const by = incrementOf(facts);
  const from = mode === 'maximum' && ownMaximum !== undefined ? ownMaximum + by : minimumBid;
  if (from === null) return [];
  return STEPS.map((steps) => from + steps * by).filter(
    (amount, i, all) => amount >= least && amount <= MAX_AMOUNT && all.indexOf(amount) === i,
  );
}

/**
 * The increment in force is what lies between the price and the minimum bid. Before the first bid
 * nothing tells it; the default table's is a fair guess, and any amount from the minimum on counts.
 */
function incrementOf({ price, minimumBid, leader }: OfferFacts): number {
  if (leader === null || minimumBid === null) return incrementAt(DEFAULT_INCREMENTS, price);
  return minimumBid - price;
}

/** Why the offer would be refused as things stand, or undefined when it would not. */
export function offerFault(amount: number, facts: OfferFacts): string | undefined {
  const { currency, ownMaximum } = facts;
  const least = leastOffer(facts);
  if (least === null) return NOBODY_HIGHER;
  if (amount >= least) return undefined;
  return ownMaximum === undefined
    ? `Too low: the minimum bid is ${formatMoney(least, currency)}.`
    : `This is not above your maximum of ${formatMoney(ownMaximum, currency)}.`;
}

/** Perhaps a slip of the finger: more than ten times what would do. */
export const isSurprising = (amount: number, facts: OfferFacts): boolean =>
  amount > 10 * (leastOffer(facts) ?? amount);

/** Asks once more. */
export const surprisingText = (amount: number, facts: OfferFacts): string =>
  `${formatMoney(amount, facts.currency)} is more than ten times the least bid of ${formatMoney(leastOffer(facts) ?? amount, facts.currency)}. Press “Place bid” again if you mean it.`;

export const NOBODY_HIGHER = 'This is the highest amount there is. Nobody can bid more.';

/** One line below the field: what to enter, or what the offer in it would do. */
export function offerHint(mode: BidMode, amount: number | undefined, facts: OfferFacts): string {
  const { currency, ownMaximum } = facts;
  const least = leastOffer(facts);
  if (least === null) return NOBODY_HIGHER;
  if (amount !== undefined) {
    const sum = formatMoney(amount, currency);
    const fault = offerFault(amount, facts);
    if (fault !== undefined) return fault;
    if (mode === 'maximum') return `We bid for you, up to ${sum}.`;
    return ownMaximum === undefined
      ? `The price becomes ${sum} if you lead with it.`
      : `You lead: the price would become ${sum}.`;
  }
  if (ownMaximum === undefined) return `The minimum bid is ${formatMoney(least, currency)}.`;
  return mode === 'maximum'
    ? `You lead. Your maximum is ${formatMoney(ownMaximum, currency)}.`
    : 'You lead: it would only raise what you pay.';
}

/** What this way of bidding means, in two lines at most. */
export function modeText(mode: BidMode, { ownMaximum }: OfferFacts): string {
  if (mode === 'maximum') {
    return 'We bid for you, only as much as needed to lead, up to your maximum. It stays secret.';
  }
  return ownMaximum === undefined
    ? 'The price becomes exactly what you bid, if you lead with it.'
    : 'You lead already. An exact bid above your maximum becomes the price at once.';
}
