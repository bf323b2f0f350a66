/** An auction replayed by the pure rules alone: what the running system must answer too. */
import { decide, passTime, scheduledAuction } from '@outcry/shared/domain/auction-rules.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import type { RefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';

export interface RulesReplay {
  readonly closingPrice: number;
  readonly outcome: 'sold' | 'reserve_not_met' | 'no_bids' | undefined;
  /** One answer a bid, in order. */
  readonly answers: readonly ('OK' | RefusalCode)[];
}

const START = 0;
const DURING = 1;
const END = 2;

/**
 * The default increments, no soft close, every bid a maximum bid.
 * @param reservePrice 0 for none
 */
export function replayByRules(
  ebay: EbayAuction,
  reservePrice: number = ebay.reservePrice ?? 0,
): RulesReplay {
  const terms = {
    sellerId: 'seller',
    startPrice: ebay.startPrice,
    reservePrice,
    buyNowPrice: 0,
    increments: DEFAULT_INCREMENTS,
    softWindowMs: 0,
    softExtendMs: 0,
    startsAt: START,
    hardEndsAt: END,
  };
  let { auction } = passTime(scheduledAuction(terms, END), START);
  const answers = ebay.bids.map(({ bidder, maxAmount }) => {
    const decision = decide(auction, { kind: 'bid', userId: bidder, maxAmount }, DURING);
    if (!decision.accepted) return decision.code;
    auction = decision.auction;
    return 'OK';
  });
  const { auction: ended } = passTime(auction, END);
  return { closingPrice: ended.price, outcome: ended.outcome, answers };
}
