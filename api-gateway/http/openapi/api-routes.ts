/** Every route of the gateway as one table, from which the description is made. */
import type { z } from 'zod';
import {
  auctionListQuery,
  auctionRequest,
  bidRequest,
  devTokenRequest,
  emptyRequest,
  extendRequest,
  itemRequest,
} from '@outcry/shared/contracts/api-schemas.ts';
import type { ProblemCode } from '@outcry/shared/contracts/problems.ts';
import {
  auctionPage,
  auctionViewSchema,
  bidReceipt,
  devToken,
  itemView,
  ownView,
  publicConfig,
} from './answer-schemas.ts';

export interface ApiRoute {
  readonly method: 'get' | 'post' | 'put';
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly who: 'anyone' | 'any user' | 'that user, or an admin' | 'bidder' | 'seller';
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer: { readonly status: 200 | 201; readonly schema: z.ZodType };
  /** Codes of this route's own; what any route can answer is added to all of them. */
  readonly problems: readonly ProblemCode[];
}

const GONE_OR_OVER = ['AUCTION_NOT_FOUND', 'AUCTION_ENDED', 'AUCTION_CANCELLED'] as const;
const WITH_KEY = ['INVALID_REQUEST', 'IDEMPOTENCY_MISMATCH'] as const;

export const API_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/auctions/{id}/bids',
    name: 'placeBid',
    summary: 'Places an exact bid (amount) or a maximum bid (maxAmount)',
    who: 'bidder',
    body: bidRequest,
    answer: { status: 201, schema: bidReceipt },
    problems: [
      ...WITH_KEY,
      ...GONE_OR_OVER,
      'AUCTION_NOT_STARTED',
      'SELLER_CANNOT_BID',
      'BID_TOO_LOW',
      'MAX_NOT_RAISED',
    ],
  },
  {
    method: 'post',
    path: '/v1/auctions/{id}/buy-now',
    name: 'buyNow',
    summary:
      'Ends the auction at the buy-now price; only before the first bid. A first bid at or above it does the same',
    who: 'bidder',
    body: emptyRequest,
    answer: { status: 201, schema: bidReceipt },
    problems: [
      ...WITH_KEY,
      ...GONE_OR_OVER,
      'AUCTION_NOT_STARTED',
      'SELLER_CANNOT_BID',
      'BUY_NOW_GONE',
    ],
  },
  {
    method: 'get',
    path: '/v1/auctions/{id}/me',
    name: 'ownView',
    summary: "The caller's own alias, maximum and number of bids",
    who: 'any user',
    answer: { status: 200, schema: ownView },
    problems: ['AUCTION_NOT_FOUND'],
  },
  {
    method: 'get',
    path: '/v1/auctions',
    name: 'listAuctions',
    summary:
      'Auctions by status: open ones ending soonest first, past ones newest first; at most a second old',
    who: 'anyone',
    query: auctionListQuery,
    answer: { status: 200, schema: auctionPage },
    problems: ['INVALID_REQUEST'],
  },
  {
    method: 'get',
    path: '/v1/auctions/{id}',
    name: 'readAuction',
    summary: 'The auction now; answers 304 to If-None-Match when nothing has happened',
    who: 'anyone',
    answer: { status: 200, schema: auctionViewSchema },
    problems: ['AUCTION_NOT_FOUND'],
  },
  {
    method: 'post',
    path: '/v1/auctions',
    name: 'createAuction',
    summary: 'Creates an auction of a stored item (itemId) or of one that comes along (item)',
    who: 'seller',
    body: auctionRequest,
    answer: { status: 201, schema: auctionViewSchema },
    problems: [...WITH_KEY, 'QUOTA_REACHED', 'ITEM_NOT_FOUND', 'NOT_SELLER', 'ITEM_BUSY'],
  },
  {
    method: 'post',
    path: '/v1/auctions/{id}/cancel',
    name: 'cancelAuction',
    summary: 'Cancels the auction; only before the first bid',
    who: 'seller',
    body: emptyRequest,
    answer: { status: 200, schema: auctionViewSchema },
    problems: [...WITH_KEY, ...GONE_OR_OVER, 'NOT_SELLER', 'AUCTION_HAS_BIDS'],
  },
  {
    method: 'post',
    path: '/v1/auctions/{id}/extend',
    name: 'extendAuction',
    summary: 'Moves the end to a later time, within the hard end',
    who: 'seller',
    body: extendRequest,
    answer: { status: 200, schema: auctionViewSchema },
    problems: [...WITH_KEY, ...GONE_OR_OVER, 'NOT_SELLER', 'BEYOND_HARD_END', 'END_NOT_LATER'],
  },
  {
    method: 'post',
    path: '/v1/items',
    name: 'createItem',
    summary: 'Stores an item that can be put up for auction later',
    who: 'seller',
    body: itemRequest,
    answer: { status: 201, schema: itemView },
    problems: [...WITH_KEY, 'QUOTA_REACHED'],
  },
  {
    method: 'get',
    path: '/v1/items/{id}',
    name: 'readItem',
    summary: 'An item, and the auction that holds it now',
    who: 'anyone',
    answer: { status: 200, schema: itemView },
    problems: ['ITEM_NOT_FOUND'],
  },
  {
    method: 'get',
    path: '/v1/config',
    name: 'readConfig',
    summary: 'Where the other services are, as browsers reach them',
    who: 'anyone',
    answer: { status: 200, schema: publicConfig },
    problems: [],
  },
  {
    method: 'post',
    path: '/v1/dev/tokens',
    name: 'createDevToken',
    summary: 'A token for a demo user; only with AUTH_MODE=dev',
    who: 'anyone',
    body: devTokenRequest,
    answer: { status: 201, schema: devToken },
    problems: ['INVALID_REQUEST', 'NOT_FOUND'],
  },
];
