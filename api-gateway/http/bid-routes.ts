import { bidReceipt, ownView } from '@outcry/shared/contracts/api-answers.ts';
import { bidRequest, emptyRequest } from '@outcry/shared/contracts/api-schemas.ts';
import type { Answer } from '../bidding/auction-commands.ts';
import { answerError } from '@outcry/shared/http/create-api.ts';
import { pastRouter, route, type Route } from '@outcry/shared/http/route.ts';
import { bidReceiptJson, ownViewFrom } from '../bidding/parse-answers.ts';
import { answerDecided, answerFailure } from './answers.ts';
import { decide } from './asked.ts';
import { RECEIPT } from './examples.ts';
import type { GatewayParts } from './gateway-parts.ts';

const NOT_OPEN = [
  'AUCTION_NOT_FOUND',
  'AUCTION_ENDED',
  'AUCTION_CANCELLED',
  'AUCTION_NOT_STARTED',
  'AUCTION_PAUSED',
  'SELLER_CANNOT_BID',
  'NOT_REGISTERED',
  'REGISTRATION_PENDING',
  'BIDDER_BLOCKED',
  'OVER_LIMIT',
] as const;

/** Bids, purchases, and what the caller has bid. */
export const BID_ROUTES: readonly Route<GatewayParts>[] = [
  // answer-bids.ts has them before the router, and says why.
  pastRouter({
    method: 'post',
    path: '/v1/auctions/{id}/bids',
    name: 'placeBid',
    summary:
      'Places an exact bid (amount) or a maximum bid (maxAmount); a maximum may be left before the start, and counts as made then',
    who: 'bidder',
    idempotent: true,
    body: bidRequest,
    answer: { status: 201, schema: bidReceipt },
    refusals: [...NOT_OPEN, 'BID_TOO_LOW', 'MAX_NOT_RAISED', 'BID_TOO_HIGH'],
    example: { body: { maxAmount: 2_500 }, answer: RECEIPT },
  }),

  route(
    {
      method: 'post',
      path: '/v1/auctions/{id}/buy-now',
      name: 'buyNow',
      summary:
        'Ends the auction at the buy-now price; only before the first bid. A first bid at or above it does the same',
      who: 'bidder',
      idempotent: true,
      body: emptyRequest,
      answer: { status: 201, schema: bidReceipt },
      refusals: [...NOT_OPEN, 'BUY_NOW_GONE'],
      example: { body: {}, answer: { ...RECEIPT, price: 9_000, minimumBid: 9_100 } },
    },
    async (asked, parts: GatewayParts) => {
      const { x, params } = asked;
      const endOfBid = parts.followBid?.(x, params.id, 'buy-now');
      const wish = { kind: 'buy', fingerprint: 'buy', trace: x.trace } as const;
      const answer = await decide(asked, parts, wish).then(
        (decided) => answerDecided(x, decided, 201, bidReceiptJson),
        (error: unknown) => answerFailure(x, error) ?? answerError(x, error, parts.log),
      );
      endOfBid?.(answer);
      return answer;
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/auctions/{id}/me',
      name: 'ownView',
      summary: "The caller's own alias, maximum and number of bids",
      who: 'any user',
      answer: { status: 200, schema: ownView },
      refusals: ['AUCTION_NOT_FOUND'],
      example: { answer: { alias: 2, leading: true, maxAmount: 2_500, bidCount: 1 } },
    },
    async ({ x, params, caller }, { reads }: GatewayParts) =>
      answerDecided(x, await reads.ownState(params.id, caller.userId), 200, ownViewJson),
  ),

  route(
    {
      method: 'delete',
      path: '/v1/auctions/{id}/me',
      name: 'withdrawBid',
      summary: 'Withdraws the maximum that the caller has left before the start',
      who: 'bidder',
      answer: { status: 200, schema: ownView },
      refusals: ['AUCTION_NOT_FOUND', 'NO_ABSENTEE_BID'],
      example: { answer: { alias: null, leading: false, maxAmount: null, bidCount: 0 } },
    },
    async (asked, parts: GatewayParts) => {
      const decided = await decide(asked, parts, { kind: 'withdraw', fingerprint: 'withdraw' });
      return answerDecided(asked.x, decided, 200, ownViewJson);
    },
  ),
];

const ownViewJson = (answer: Answer): string => JSON.stringify(ownViewFrom(answer));
