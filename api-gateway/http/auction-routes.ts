import { auctionPage, auctionViewSchema } from '@outcry/shared/contracts/api-answers.ts';
import {
  auctionListQuery,
  auctionRequest,
  extendRequest,
  optionalReasonRequest,
  reasonRequest,
} from '@outcry/shared/contracts/api-schemas.ts';
import { answerJsonText, setHeader, type HttpAnswer } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { fingerprintOf } from '../auctions/create-requests.ts';
import { auctionViewFrom } from '../bidding/parse-answers.ts';
import type { Answer } from '../bidding/auction-commands.ts';
import { answerDecided } from './answers.ts';
import { decide, type AskedOfOne } from './asked.ts';
import { createAuction } from './create-auction.ts';
import { AUCTION, ITEM } from './examples.ts';
import type { GatewayParts } from './gateway-parts.ts';

/** Whether the client has this state already: RFC 9110, 13.1.2, where weak and strong tags equal. */
const isKnown = (etag: string, ifNoneMatch = ''): boolean =>
  ifNoneMatch.trim() === '*' ||
  ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.slice(2));

const GONE_OR_OVER = ['AUCTION_NOT_FOUND', 'AUCTION_ENDED', 'AUCTION_CANCELLED'] as const;

/** What sellers do with an auction. */
const MANAGED = {
  method: 'post',
  who: 'seller',
  idempotent: true,
  answer: { status: 200, schema: auctionViewSchema },
} as const;

/** Auctions: lists, one, and what their sellers do with them. */
export const AUCTION_ROUTES: readonly Route<GatewayParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/auctions',
      name: 'listAuctions',
      summary:
        'Auctions by status: open ones ending soonest first, past ones newest first; at most a second old',
      who: 'anyone',
      query: auctionListQuery,
      answer: { status: 200, schema: auctionPage },
      refusals: [],
      example: { answer: { items: [AUCTION], nextCursor: null } },
    },
    async ({ x, query }, { lists }: GatewayParts) => answerJsonText(x, await lists.answer(query)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/auctions/{id}',
      name: 'readAuction',
      summary: 'The auction now; answers 304 to If-None-Match when nothing has happened',
      who: 'anyone',
      answer: { status: 200, schema: auctionViewSchema, notModified: 'Nothing has happened' },
      refusals: ['AUCTION_NOT_FOUND'],
      example: { answer: AUCTION },
    },
    async ({ x, params }, { reads }: GatewayParts) => {
      const answer = await reads.publicState(params.id);
      if (answer.code === 'OK') {
        // Weak: serverTime moves on though nothing happened.
        const etag = `W/"${answer.body.split(' ', 2).join(':')}"`;
        setHeader(x, 'etag', etag);
        setHeader(x, 'cache-control', 'no-cache');
        if (isKnown(etag, x.incoming.headers['if-none-match'])) return { status: 304, body: null };
      }
      return answerDecided(x, answer, 200, viewJson);
    },
  ),

  route(
    {
      method: 'post',
      path: '/v1/auctions',
      name: 'createAuction',
      summary:
        'Creates an auction of a stored item (itemId) or of one that comes along (item); with saleId a lot of that sale',
      who: 'seller',
      idempotent: true,
      body: auctionRequest,
      answer: { status: 201, schema: auctionViewSchema },
      refusals: [
        'QUOTA_REACHED',
        'ITEM_NOT_FOUND',
        'NOT_SELLER',
        'ITEM_BUSY',
        'SALE_NOT_FOUND',
        'SALE_ENDED',
        'SALE_PAUSED',
        'SALE_FULL',
        'LOT_TAKEN',
      ],
      example: {
        body: {
          item: { title: ITEM.title },
          currency: 'EUR',
          startPrice: 1_000,
          reservePrice: 2_000,
          durationSeconds: 300,
        },
        answer: { ...AUCTION, price: 1_000, minimumBid: 1_000, leader: null, bidCount: 0, seq: 2 },
      },
    },
    createAuction,
  ),

  route(
    {
      ...MANAGED,
      path: '/v1/auctions/{id}/cancel',
      name: 'cancelAuction',
      summary: 'Cancels the auction; only before the first bid',
      body: optionalReasonRequest,
      refusals: [...GONE_OR_OVER, 'NOT_SELLER', 'AUCTION_HAS_BIDS'],
      example: {
        body: {},
        answer: { ...AUCTION, status: 'cancelled', leader: null, bidCount: 0, seq: 3 },
      },
    },
    (asked, parts: GatewayParts) => manage(asked, parts, 'cancel', 0, asked.body.reason),
  ),

  route(
    {
      ...MANAGED,
      path: '/v1/auctions/{id}/extend',
      name: 'extendAuction',
      summary: 'Moves the end to a later time, within the hard end',
      body: extendRequest,
      refusals: [...GONE_OR_OVER, 'NOT_SELLER', 'BEYOND_HARD_END', 'END_NOT_LATER'],
      example: {
        body: { endsAt: '2026-01-05T18:10:00.000Z' },
        answer: { ...AUCTION, endsAt: '2026-01-05T18:10:00.000Z', seq: 6 },
      },
    },
    (asked, parts: GatewayParts) =>
      manage(asked, parts, 'extend', Date.parse(asked.body.endsAt), asked.body.reason),
  ),

  route(
    {
      ...MANAGED,
      path: '/v1/auctions/{id}/pause',
      name: 'pauseAuction',
      summary: 'Pauses the auction: nobody may bid, and time stands still',
      body: reasonRequest,
      refusals: [...GONE_OR_OVER, 'NOT_SELLER', 'ALREADY_PAUSED'],
      example: {
        body: { reason: 'The lot is being examined again.' },
        answer: { ...AUCTION, status: 'paused', seq: 6 },
      },
    },
    (asked, parts: GatewayParts) => manage(asked, parts, 'pause', 0, asked.body.reason),
  ),

  route(
    {
      ...MANAGED,
      path: '/v1/auctions/{id}/resume',
      name: 'resumeAuction',
      summary: 'Resumes a paused auction; its ends move by the time that it was paused',
      body: optionalReasonRequest,
      refusals: [...GONE_OR_OVER, 'NOT_SELLER', 'NOT_PAUSED'],
      example: {
        body: {},
        answer: { ...AUCTION, endsAt: '2026-01-05T18:10:00.000Z', seq: 7 },
      },
    },
    (asked, parts: GatewayParts) => manage(asked, parts, 'resume', 0, asked.body.reason),
  ),

  route(
    {
      ...MANAGED,
      path: '/v1/auctions/{id}/bidders/{alias}/remove',
      params: { alias: /^[1-9]\d{0,8}$/ },
      name: 'removeBidder',
      summary:
        'Removes a bidder: the auction goes on as if those bids had not been made. Also after the end, until it is sealed',
      who: 'admin',
      body: reasonRequest,
      refusals: [...GONE_OR_OVER, 'BIDDER_NOT_FOUND'],
      example: {
        body: { reason: 'The bidder did not show an identity card.' },
        answer: { ...AUCTION, seq: 6 },
      },
    },
    (asked, parts: GatewayParts) =>
      manage(asked, parts, 'remove', Number(asked.params.alias), asked.body.reason),
  ),
];

const viewJson = (answer: Answer): string => JSON.stringify(auctionViewFrom(answer));

/** A command of a seller or an admin on an auction that exists. @param amount see `AuctionCommand` */
async function manage(
  asked: AskedOfOne,
  parts: GatewayParts,
  kind: 'cancel' | 'extend' | 'pause' | 'resume' | 'remove',
  amount: number,
  reason: string | undefined,
): Promise<HttpAnswer> {
  const fingerprint = fingerprintOf(kind, { amount, reason });
  const answer = await decide(asked, parts, { kind, amount, fingerprint, reason });
  return answerDecided(asked.x, answer, 200, viewJson);
}
