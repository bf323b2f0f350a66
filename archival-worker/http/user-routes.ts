import {
  displayName,
  leaderboard,
  ownBidPage,
  userStats,
} from '@outcry/shared/contracts/history-answers.ts';
import {
  displayNameRequest,
  leaderboardQuery,
  pageQuery,
} from '@outcry/shared/contracts/history-schemas.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { answerJson, answerProblem } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { bidsOfUser } from '../history/pages.ts';
import { ARCHIVED, NAME } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

const MAX_LIMIT = 200;
/** No user has an id of another form. */
const params = { id: ID_PATTERN };

/** What users did, and the names that they chose. */
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
    async ({ x, query: { limit, ...query } }, { answers, ranking }: HistoryParts) => {
      // The whole of it, whatever part is wanted: it costs the same, and is one answer for all.
      const board = await answers.answer(`leaderboard ${JSON.stringify(query)}`, () =>
        ranking.leaderboard({ ...query, limit: MAX_LIMIT }),
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
      example: {
        answer: {
          userId: 'ann',
          name: NAME,
          bids: 12,
          auctionsEntered: 4,
          auctionsWon: 1,
          money: [{ currency: 'EUR', totalSpent: 1_050, highestBid: 1_050 }],
        },
      },
    },
    async ({ x, params: { id }, caller }, { answers, users }: HistoryParts) => {
      const isOwn = caller !== undefined && (id === caller.userId || caller.roles.has('admin'));
      if (isOwn) return answerJson(x, await users.stats(id));
      return answerJson(x, await answers.answer(`stats ${id}`, () => users.shownStats(id)));
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
      example: {
        answer: {
          items: [
            {
              auctionId: ARCHIVED.id,
              bidId: 'b-4nT0pYc2s9mQwE1rZ7xK',
              epoch: 1,
              seq: 5,
              at: '2026-01-05T18:01:30.250Z',
              type: 'bid',
              alias: 2,
              amount: 1_050,
              offered: { maxAmount: 2_500 },
              counts: true,
              opening: null,
            },
          ],
          nextCursor: null,
        },
      },
    },
    async ({ x, params: { id }, query }, { users }: HistoryParts) =>
      answerJson(x, await bidsOfUser(users, id, query)),
  ),

  route(
    {
      method: 'put',
      path: '/v1/users/me/name',
      name: 'chooseName',
      summary: 'Chooses the name that the leaderboard shows; null takes it off',
      who: 'any user',
      body: displayNameRequest,
      maxBodyBytes: 4_096,
      answer: { status: 200, schema: displayName },
      refusals: ['NAME_TAKEN'],
      example: { body: { name: NAME }, answer: { userId: 'ann', name: NAME } },
    },
    async ({ x, body: { name }, caller: { userId } }, { answers, names }: HistoryParts) => {
      if (await names.set(userId, name)) {
        answers.renew();
        return answerJson(x, { userId, name });
      }
      const detail = 'Another user has this name, or one that looks like it.';
      return answerProblem(x, 'NAME_TAKEN', detail);
    },
  ),
];
