/**
 * Shapes of the HTTP API, requests and answers. Types alone: clients have them too, and browsers need
 * no library for them. What requests must fulfil stands in api-schemas.ts.
 */
import type { IncrementRow } from '../domain/increments.ts';
import { isOver, type AuctionStatus, type ItemDetails, type PublicState } from './events.ts';

/** `POST /v1/items`. */
export interface ItemRequest {
  /** 1 to 200 characters (Unicode code points), of which one at least is visible. */
  readonly title: string;
  /** At most 5,000 characters. */
  readonly description?: string | undefined;
  /** http or https. */
  readonly imageUrl?: string | undefined;
}

/** `POST /v1/auctions`. Amounts are integer minor units, times ISO 8601. */
export interface AuctionRequest {
  /** An item that exists; exactly one of this and `item`. */
  readonly itemId?: string | undefined;
  readonly item?: ItemRequest | undefined;
  /** Makes it a lot of this sale, which fixes currency, soft close and grace. */
  readonly saleId?: string | undefined;
  /** Its number there; without it the next one. */
  readonly lot?: number | undefined;
  /** ISO 4217, of those in use that have a minor unit. A lot has its sale's, and needs not say so. */
  readonly currency?: string | undefined;
  readonly startPrice: number;
  /** The hidden lowest selling price. */
  readonly reservePrice?: number | undefined;
  readonly buyNowPrice?: number | undefined;
  /** At once without it. */
  readonly startsAt?: string | undefined;
  /** Exactly one of this and `durationSeconds`; without both a lot ends when its place in the sale says. */
  readonly endsAt?: string | undefined;
  readonly durationSeconds?: number | undefined;
  readonly increments?: readonly IncrementRow[] | undefined;
  /** Null for none: the end never moves. Default: 30 s and 30 s. */
  readonly softClose?: SoftCloseRequest | null | undefined;
  /** No bid above this is taken. */
  readonly highestBid?: number | undefined;
  /** How long the auction stays open after an outage; 0 for not at all. Default: 120. */
  readonly graceSeconds?: number | undefined;
}

/** A bid in the last `windowSeconds` moves the end to `extendSeconds` from then. */
export interface SoftCloseRequest {
  readonly windowSeconds: number;
  readonly extendSeconds: number;
  /** The end never moves beyond this. Default: 24 h after `endsAt`, at most 366 days from now. */
  readonly hardEndsAt?: string | undefined;
}

/** What every list is asked for. */
export interface PageQuery {
  /** 1 to 200. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** `GET /v1/auctions`. */
export interface AuctionListQuery extends PageQuery {
  readonly status: AuctionStatus;
  readonly sort: 'ending_soon';
}

/** A bid: exactly one of an exact amount and a maximum, minor units. */
export type BidRequest = { readonly amount: number } | { readonly maxAmount: number };

export type Role = 'bidder' | 'seller' | 'admin';

export interface ItemView extends ItemDetails {
  readonly sellerId: string;
  /** The scheduled or live auction that holds the item. */
  readonly auctionId: string | null;
}

/** What never changes in an auction's public view; stored as text with the auction. */
export interface PublicTerms {
  readonly id: string;
  readonly item: ItemDetails;
  readonly sellerId: string;
  readonly currency: string;
  readonly buyNowPrice?: number;
  readonly highestBid?: number;
  readonly saleId?: string;
  readonly lot?: number;
  readonly startsAt: string;
}

/** `GET /v1/auctions/{id}` and the snapshot a viewer gets. */
export interface AuctionView extends PublicTerms, PublicState {
  readonly epoch: number;
  readonly seq: number;
  readonly serverTime: string;
}

/** The answer to an accepted bid or buy-now. */
export interface BidReceipt {
  readonly bidId: string;
  readonly epoch: number;
  readonly seq: number;
  /** `scheduled`: an absentee bid, which counts as made at the start. */
  readonly result: 'leading' | 'outbid' | 'scheduled';
  /** The caller's own alias in this auction; null until the start. */
  readonly bidder: number | null;
  readonly price: number;
  /** Null when nobody can go higher. */
  readonly minimumBid: number | null;
  readonly endsAt: string;
  readonly serverTime: string;
}

/** `GET /v1/auctions/{id}/me`; nulls before the first bid. */
export interface OwnView {
  readonly alias: number | null;
  readonly leading: boolean;
  readonly maxAmount: number | null;
  readonly bidCount: number;
  /** Removed by whoever runs the house: the bids count no more, and no further ones are taken. */
  readonly removed?: true;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** `GET /v1/config`: where the other services are, as browsers reach them. */
export interface PublicConfig {
  readonly gatewayUrl: string;
  readonly broadcastUrl: string;
  readonly historyUrl: string;
  readonly auth: PublicAuth;
}

/** How people sign in: as anybody they name, elsewhere, or with an OpenID Connect provider. */
export type PublicAuth =
  | { readonly mode: 'dev' | 'jwt' }
  | {
      readonly mode: 'oidc';
      readonly issuer: string;
      readonly clientId: string;
      /** Joined by blanks. */
      readonly scopes: string;
      /** What the provider is told that the tokens are for, where it wants to be told. */
      readonly audience?: string | undefined;
    };

/** `GET /v1/me`: whom the services take the caller for. */
export interface CallerView {
  readonly id: string;
  readonly roles: readonly Role[];
}

/** The terms as they are shown beside this state: `buyNowPrice` only while it can be used. */
export function shownTerms(
  { buyNowPrice, ...terms }: PublicTerms,
  { status, leader }: PublicState,
): PublicTerms {
  return !isOver(status) && leader === null && buyNowPrice !== undefined
    ? { ...terms, buyNowPrice }
    : terms;
}

/** Puts an auction's view together from its stored parts. */
export function auctionView(
  terms: PublicTerms,
  state: PublicState,
  at: { epoch: number; seq: number; serverTime: string },
): AuctionView {
  return { ...shownTerms(terms, state), ...state, ...at };
}

/** Parses JSON that Outcry itself wrote and stored, so that its shape is known. */
export const ownJson = <T>(text: string): T => JSON.parse(text) as T;
