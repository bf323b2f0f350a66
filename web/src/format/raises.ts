import { DEFAULT_INCREMENTS, incrementAt } from '@outcry/shared/domain/increments.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';

/** How many increments above the least amount each quick raise goes. */
const STEPS = [0, 1, 3];

interface PriceFacts {
  readonly price: number;
  readonly minimumBid: number;
  readonly leader: number | null;
}

/** Amounts (minor units) for the quick-raise buttons, the minimum bid first. */
export function quickRaises(state: PriceFacts): readonly number[] {
  return raisesFrom(state.minimumBid, incrementOf(state));
}

/** The same for the leader, who has to go above the own maximum. */
export function leadersRaises(state: PriceFacts, ownMaximum: number): readonly number[] {
  const increment = incrementOf(state);
  return raisesFrom(ownMaximum + increment, increment);
}

/**
 * The increment in force is what lies between the price and the minimum bid. Before the first bid
 * nothing tells it; the default table's is a fair guess, and any amount from the minimum on counts.
 */
function incrementOf({ price, minimumBid, leader }: PriceFacts): number {
  return leader === null ? incrementAt(DEFAULT_INCREMENTS, minimumBid) : minimumBid - price;
}

const raisesFrom = (least: number, increment: number): readonly number[] =>
  STEPS.map((steps) => least + steps * increment).filter(
    (amount, i, all) => amount <= MAX_AMOUNT && all.indexOf(amount) === i,
  );
