/** From create requests to what the engine stores: encoded terms, fingerprints. */
import { createHash } from 'node:crypto';
import type { AuctionRequest, ItemRequest } from '@outcry/shared/contracts/api.ts';
import type { Creation, ItemDetails } from '@outcry/shared/contracts/events.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import type { NewAuction } from '../bidding/auction-commands.ts';

export const DEFAULT_SOFT_CLOSE = { windowSeconds: 30, extendSeconds: 30 };
export const DEFAULT_GRACE_SECONDS = 120;
const FINGERPRINT_CHARACTERS = 43;

/** A short text that differs when the request differs. */
export const fingerprintOf = (path: string, body: unknown): string =>
  createHash('sha256')
    .update(`${path}\n${JSON.stringify(body)}`)
    .digest('base64url')
    .slice(0, FINGERPRINT_CHARACTERS);

/** The item with its id, without members that were not given. */
export function itemDetails(id: string, request: ItemRequest): ItemDetails {
  return {
    id,
    title: request.title,
    ...(request.description === undefined ? {} : { description: request.description }),
    ...(request.imageUrl === undefined ? {} : { imageUrl: request.imageUrl }),
  };
}

/**
 * Encodes a new auction's terms; relative times are resolved later, by Redis's clock.
 * @param request of a lot, it has what follows from its sale
 */
export function newAuction(
  auctionId: string,
  item: ItemDetails,
  sellerId: string,
  request: AuctionRequest,
): NewAuction {
  const softClose = request.softClose === undefined ? DEFAULT_SOFT_CLOSE : request.softClose;
  const { currency, saleId, lot } = request;
  if (currency === undefined) throw new Error('the request names no currency');
  const place = saleId === undefined || lot === undefined ? {} : { saleId, lot };
  const creation: Creation = {
    item,
    newItem: request.item !== undefined,
    sellerId,
    currency,
    startPrice: request.startPrice,
    reservePrice: request.reservePrice ?? 0,
    buyNowPrice: request.buyNowPrice ?? 0,
    increments: (request.increments ?? DEFAULT_INCREMENTS)
      .map((row) => `${row.from}:${row.by}`)
      .join(','),
    startsAt: timeOrNone(request.startsAt),
    endsAt: timeOrNone(request.endsAt),
    durationMs: Math.round((request.durationSeconds ?? 0) * 1000),
    softWindowMs: (softClose?.windowSeconds ?? 0) * 1000,
    softExtendMs: (softClose?.extendSeconds ?? 0) * 1000,
    hardEndsAt: timeOrNone(request.softClose?.hardEndsAt),
    highestBid: request.highestBid ?? 0,
    graceMs: (request.graceSeconds ?? DEFAULT_GRACE_SECONDS) * 1000,
    ...place,
  };
  const openTerms = {
    id: auctionId,
    item,
    sellerId,
    currency,
    ...place,
    ...(request.buyNowPrice === undefined ? {} : { buyNowPrice: request.buyNowPrice }),
    ...(request.highestBid === undefined ? {} : { highestBid: request.highestBid }),
  };
  return {
    creationText: JSON.stringify(creation),
    openTermsText: JSON.stringify(openTerms).slice(0, -1),
    itemText: creation.newItem ? JSON.stringify(item) : '',
  };
}

const timeOrNone = (time: string | undefined): number =>
  time === undefined ? 0 : Date.parse(time);
