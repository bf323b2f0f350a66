import { savedAuctionPage, savedSchema } from '@outcry/shared/contracts/history-answers.ts';
import { MAX_SAVED } from '@outcry/shared/contracts/history.ts';
import { pageQuery } from '@outcry/shared/contracts/history-schemas.ts';
import { ID_PATTERN, isAuctionId } from '@outcry/shared/domain/ids.ts';
import { answerJson, answerProblem } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { savedAuctions } from '../history/pages.ts';
import { ARCHIVED } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

/** No auction has an id of another form. */
const params = { auctionId: ID_PATTERN };
const SAVED_AT = '2026-01-05T18:00:30.000Z';

/** The auctions that a user has saved, the same on every device. */
export const WATCHLIST_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/users/me/watchlist',
      name: 'listSaved',
      summary: 'The auctions that the caller has saved, the last first',
      who: 'any user',
      query: pageQuery,
      answer: { status: 200, schema: savedAuctionPage },
      refusals: [],
      example: { answer: { items: [{ ...ARCHIVED, savedAt: SAVED_AT }], nextCursor: null } },
    },
    async ({ x, caller, query }, { watchlist }: HistoryParts) =>
      answerJson(x, await savedAuctions(watchlist, caller.userId, query)),
  ),

  route(
    {
      method: 'put',
      path: '/v1/users/me/watchlist/{auctionId}',
      params,
      name: 'saveAuction',
      summary: `Saves an auction for the caller, at most ${MAX_SAVED}`,
      who: 'any user',
      answer: { status: 200, schema: savedSchema },
      refusals: ['NOT_FOUND', 'AUCTION_NOT_FOUND', 'WATCHLIST_FULL'],
      example: { answer: { auctionId: ARCHIVED.id, savedAt: SAVED_AT } },
    },
    async ({ x, caller, params: { auctionId } }, { watchlist, hints, shards }: HistoryParts) => {
      if (!isAuctionId(auctionId, shards)) {
        return answerProblem(x, 'AUCTION_NOT_FOUND', 'No auction has an id of this form.');
      }
      const saved = await watchlist.save(caller.userId, auctionId);
      if (saved === undefined) {
        const detail = `${MAX_SAVED} are saved already: take one out first.`;
        return answerProblem(x, 'WATCHLIST_FULL', detail);
      }
      hints.changed(caller.userId);
      return answerJson(x, saved);
    },
  ),

  route(
    {
      method: 'delete',
      path: '/v1/users/me/watchlist/{auctionId}',
      params,
      name: 'forgetAuction',
      summary: "Takes an auction out of the caller's watchlist, if it is there",
      who: 'any user',
      answer: { status: 204 },
      refusals: ['NOT_FOUND'],
      example: {},
    },
    async ({ caller, params: { auctionId } }, { watchlist, hints }: HistoryParts) => {
      await watchlist.forget(caller.userId, auctionId);
      hints.changed(caller.userId);
      return { status: 204, body: null };
    },
  ),
];
