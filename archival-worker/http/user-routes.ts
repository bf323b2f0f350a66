import { leaderboard, ownBidPage, userStats } from '@outcry/shared/contracts/history-answers.ts';
import { leaderboardQuery, pageQuery } from '@outcry/shared/contracts/history-schemas.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { answerJson } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { leaderboardOf } from '../history/leaderboard.ts';
import { bidsOfUser, shownStatsOf, statsOf } from '../history/users.ts';
import { NAME, OWN_BID, STATS } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

const MAX_LIMIT = 200;
/** No user has an id of another form. */
const params = { id: ID_PATTERN };

/** What users did. */
export const USER_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/leaderboard',
      name: 'readLeaderboard',
      summary: 'Users by what they spent, won or bid, in coarse steps',
      who: 'anyone',
      query: leaderboardQuery,
      answer: { status: 200, schema: leaderboard },
      refusals: [],
      example: {
        answer: {
          by: 'spent',
          window: 'all',
          currency: 'EUR',
          currencies: ['EUR'],
          items: [{ rank: 1, name: NAME, value: 1_050 }],
        },
      },
    },
    async ({ x, query: { limit, ...query } }, { answers, ask }: HistoryParts) => {
      // The whole of it, whatever part is wanted: it costs the same, and is one answer for all.
      const board = await answers.answer(`leaderboard ${JSON.stringify(query)}`, () =>
        leaderboardOf(ask, { ...query, limit: MAX_LIMIT }),
      );
      return answerJson(x, { ...board, items: board.items.slice(0, limit) });
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/{id}/stats',
      params,
      name: 'readStats',
      summary:
        "A user's figures: exact with the user's own token (id or me), else coarse, where a name was chosen",
      who: 'anyone, more with a token',
      answer: { status: 200, schema: userStats },
      refusals: ['NOT_FOUND'],
      example: { answer: STATS },
    },
    async ({ x, params: { id }, caller }, { answers, ask }: HistoryParts) => {
      const isOwn = caller !== undefined && (id === caller.userId || caller.roles.has('admin'));
      if (isOwn) return answerJson(x, await statsOf(ask, id));
      return answerJson(x, await answers.answer(`stats ${id}`, () => shownStatsOf(ask, id)));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/{id}/bids',
      params,
      name: 'listOwnBids',
      summary: 'All bids of a user, newest first; me stands for the caller',
      who: 'that user, or an admin',
      query: pageQuery,
      answer: { status: 200, schema: ownBidPage },
      refusals: ['NOT_FOUND'],
      example: { answer: { items: [OWN_BID], nextCursor: null } },
    },
    async ({ x, params: { id }, query }, { ask }: HistoryParts) =>
      answerJson(x, await bidsOfUser(ask, id, query)),
  ),
];
