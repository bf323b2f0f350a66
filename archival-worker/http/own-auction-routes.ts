import { ownAuction, ownAuctionPage } from '@outcry/shared/contracts/history-answers.ts';
import type { OwnAuction } from '@outcry/shared/contracts/history.ts';
import { ownAuctionsQuery } from '@outcry/shared/contracts/history-schemas.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { answerJson, answerProblem } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { auctionsOfSeller } from '../history/pages.ts';
import { ARCHIVED } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

const OWN: OwnAuction = {
  ...ARCHIVED,
  terms: {
    startPrice: 500,
    reservePrice: 1_000,
    increments: DEFAULT_INCREMENTS.slice(0, 2),
    softClose: { windowSeconds: 30, extendSeconds: 30 },
    graceSeconds: 120,
    startsAt: ARCHIVED.startsAt,
    endsAt: ARCHIVED.endsAt,
  },
};

/** What a user sells, with the reserve and the other terms that nobody else is told. */
export const OWN_AUCTION_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/users/me/auctions',
      name: 'listOwnAuctions',
      summary:
        'The auctions that the caller sells, with all their terms: what opens or ends next comes first, of what is over the last',
      who: 'any user',
      query: ownAuctionsQuery,
      answer: { status: 200, schema: ownAuctionPage },
      refusals: [],
      example: { answer: { items: [OWN], nextCursor: null } },
    },
    async ({ x, caller, query }, { ownAuctions }: HistoryParts) =>
      answerJson(x, await auctionsOfSeller(ownAuctions, caller.userId, query)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/me/auctions/{auctionId}',
      params: { auctionId: ID_PATTERN },
      name: 'readOwnAuction',
      summary: 'An auction that the caller sells, with all its terms',
      who: 'any user',
      answer: { status: 200, schema: ownAuction },
      refusals: ['AUCTION_NOT_FOUND'],
      example: { answer: OWN },
    },
    async ({ x, caller, params: { auctionId } }, { ownAuctions }: HistoryParts) => {
      const auction = await ownAuctions.auction(caller.userId, auctionId);
      if (auction !== undefined) return answerJson(x, auction);
      return answerProblem(x, 'AUCTION_NOT_FOUND', 'The caller sells no such auction.');
    },
  ),
];
