/**
 * Bids whose answers have not come, kept in the tab: neither leaving the room nor reloading the page
 * makes anybody forget that such a bid may have counted.
 */
import type { BidRequest } from '@outcry/shared/contracts/api.ts';

export interface PendingBid {
  readonly key: string;
  /** What was offered; null for a purchase. */
  readonly offer: BidRequest | null;
  /** By this browser's own clock, ms. */
  readonly sentAt: number;
}

/** By then its auction is over, or the user has looked at it again. */
const FORGOTTEN_AFTER_MS = 3_600_000;

const keyOf = (userId: string, auctionId: string): string =>
  `outcry.pending.${userId}.${auctionId}`;

export function keepPendingBid(userId: string, auctionId: string, bid: PendingBid): void {
  try {
    sessionStorage.setItem(keyOf(userId, auctionId), JSON.stringify(bid));
  } catch {
    // Storage can be forbidden; then the bid is remembered for as long as the room is shown.
  }
}

export function forgetPendingBid(userId: string, auctionId: string): void {
  try {
    sessionStorage.removeItem(keyOf(userId, auctionId));
  } catch {
    // As above: nothing was kept.
  }
}

export function pendingBid(userId: string, auctionId: string): PendingBid | undefined {
  try {
    const kept = parsePendingBid(sessionStorage.getItem(keyOf(userId, auctionId)) ?? '');
    const ageMs = Date.now() - (kept?.sentAt ?? 0);
    return ageMs < FORGOTTEN_AFTER_MS ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined for anything that this version did not write */
export function parsePendingBid(text: string): PendingBid | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof kept !== 'object' || kept === null) return undefined;
  if (!('key' in kept && 'offer' in kept && 'sentAt' in kept)) return undefined;
  const { key, offer, sentAt } = kept;
  const isKnown = typeof key === 'string' && typeof sentAt === 'number';
  return isKnown && (offer === null || isOffer(offer)) ? { key, offer, sentAt } : undefined;
}

function isOffer(offer: unknown): offer is BidRequest {
  if (typeof offer !== 'object' || offer === null) return false;
  if ('amount' in offer) return typeof offer.amount === 'number';
  return 'maxAmount' in offer && typeof offer.maxAmount === 'number';
}
