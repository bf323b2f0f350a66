/** Where the user stands in the auctions bid in; pure. */
import { isOver } from '@outcry/shared/contracts/events.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OwnBid } from '@outcry/shared/contracts/history.ts';

/** The user's own side of one auction. */
export interface OwnSide {
  readonly auctionId: string;
  readonly alias: number;
  /** The highest that was offered, minor units; null after a purchase only. */
  readonly highestOffer: number | null;
}

/** What needs the user first. `unsold`: it is over, and nobody got it. */
export const STANDINGS = ['outbid', 'leading', 'won', 'unsold', 'lost'] as const;

export type Standing = (typeof STANDINGS)[number];

export interface Stake {
  readonly own: OwnSide;
  readonly auction: AuctionView;
  readonly standing: Standing;
}

/** One side an auction, the one bid in last comes first. @param bids newest first */
export function ownSides(bids: readonly OwnBid[]): readonly OwnSide[] {
  const sides = new Map<string, OwnSide>();
  for (const { auctionId, alias, offered, counts } of bids) {
    if (!counts) continue;
    const known = sides.get(auctionId);
    sides.set(auctionId, {
      auctionId,
      alias,
      highestOffer: higher(known?.highestOffer ?? null, offerOf(offered)),
    });
  }
  return [...sides.values()];
}

export function standingOf(auction: AuctionView, alias: number): Standing {
  const isFirst = auction.leader === alias;
  if (isOver(auction.status)) {
    if (auction.outcome !== 'sold') return 'unsold';
    return isFirst ? 'won' : 'lost';
  }
  return isFirst ? 'leading' : 'outbid';
}

/** What needs the user first; among open auctions what ends soonest, among others the latest. */
export function byUrgency(a: Stake, b: Stake): number {
  const order = STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing);
  if (order !== 0) return order;
  const ends = Date.parse(a.auction.endsAt) - Date.parse(b.auction.endsAt);
  return isOver(a.auction.status) ? -ends : ends;
}

function offerOf(offered: OwnBid['offered']): number | null {
  if (offered === null) return null;
  return 'amount' in offered ? offered.amount : offered.maxAmount;
}

const higher = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);
