/** From create requests to what the engine stores: ids, encoded terms, fingerprints. */
import { createHash } from 'node:crypto';
import type { AuctionRequest, ItemRequest } from '@outcry/shared/contracts/api.ts';
import type { Creation, ItemDetails } from '@outcry/shared/contracts/events.ts';
import { shardedId } from '@outcry/shared/domain/ids.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { newIdTail, type NewAuction } from '../bidding/auction-commands.ts';
import type { Catalogue } from './catalogue.ts';

const DEFAULT_SOFT_CLOSE = { windowSeconds: 30, extendSeconds: 30 };
const FINGERPRINT_CHARACTERS = 43;

/** A short text that differs when the request differs. */
export const fingerprintOf = (path: string, body: unknown): string =>
  createHash('sha256')
    .update(`${path}\n${JSON.stringify(body)}`)
    .digest('base64url')
    .slice(0, FINGERPRINT_CHARACTERS);

/** An id for a create request, and whether another request holds the key already. */
export type ClaimedId =
  | { readonly id: string; readonly fingerprint: string; readonly replayed: boolean }
  | { readonly mismatch: true };

/**
 * The id a create request gets. With an idempotency key a repeated request gets the same one, so
 * that creating twice finds what the first request created.
 * @param shard where the new thing must live; without one any shard will do
 */
export async function claimId(
  catalogue: Catalogue,
  request: { kind: 'a' | 'i'; shard: number; userId: string; key: string; fingerprint: string },
): Promise<ClaimedId> {
  const { kind, shard, userId, key, fingerprint } = request;
  const id = shardedId(kind, shard, newIdTail());
  if (key === '') return { id, fingerprint, replayed: false };
  const digest = createHash('sha256').update(`${userId}:${key}`).digest('hex');
  const claimed = await catalogue.claim(digest, { id, fingerprint });
  if (claimed.fingerprint !== fingerprint) return { mismatch: true };
  return { id: claimed.id, fingerprint, replayed: claimed.id !== id };
}

/** The item with its id, without members that were not given. */
export function itemDetails(id: string, request: ItemRequest): ItemDetails {
  return {
    id,
    title: request.title,
    ...(request.description === undefined ? {} : { description: request.description }),
    ...(request.imageUrl === undefined ? {} : { imageUrl: request.imageUrl }),
  };
}

/** Encodes a new auction's terms; relative times are resolved later, by Redis's clock. */
export function newAuction(
  auctionId: string,
  item: ItemDetails,
  sellerId: string,
  request: AuctionRequest,
): NewAuction {
  const softClose = request.softClose === undefined ? DEFAULT_SOFT_CLOSE : request.softClose;
  const creation: Creation = {
    item,
    newItem: request.item !== undefined,
    sellerId,
    currency: request.currency,
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
  };
  const openTerms = {
    id: auctionId,
    item,
    sellerId,
    currency: request.currency,
    ...(request.buyNowPrice === undefined ? {} : { buyNowPrice: request.buyNowPrice }),
  };
  return {
    itemId: item.id,
    creationText: JSON.stringify(creation),
    openTermsText: JSON.stringify(openTerms).slice(0, -1),
    itemText: creation.newItem ? JSON.stringify(item) : '',
  };
}

const timeOrNone = (time: string | undefined): number =>
  time === undefined ? 0 : Date.parse(time);
