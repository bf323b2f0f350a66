import { ownData } from '@outcry/shared/contracts/history-answers.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { setHeader } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { streamText } from '@outcry/shared/http/stream-text.ts';
import { deleteAccount, signOut } from '../accounts/delete-accounts.ts';
import { STATS } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';
import { ownDataText } from './own-data.ts';

/** No user has an id of another form. */
const params = { id: ID_PATTERN };

/** What users may do with their accounts as a whole. */
export const ACCOUNT_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'delete',
      path: '/v1/users/{id}/sessions',
      params,
      name: 'signOutEverywhere',
      summary:
        'Ends all sessions of a user (me is the caller): within 3 s no service takes a token from before, and live connections are closed',
      who: 'that user, or an admin',
      answer: { status: 202 },
      refusals: ['NOT_FOUND'],
      example: {},
    },
    async ({ params: { id } }, { accounts }: HistoryParts) => {
      await signOut(accounts, id);
      return { status: 202, body: null };
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/{id}/data',
      params,
      name: 'downloadOwnData',
      summary: 'All that the archive has about a user, in one piece; me is the caller',
      who: 'that user, or an admin',
      answer: { status: 200, schema: ownData },
      refusals: ['NOT_FOUND'],
      example: {
        answer: {
          userId: 'ann',
          at: '2026-01-06T09:00:00.000Z',
          stats: STATS,
          bids: [],
          auctions: [],
          sales: [],
          registrations: [],
          absenteeBids: [],
          watchlist: [],
          readNotices: [],
        },
      },
    },
    ({ x, params: { id } }, { ask }: HistoryParts) => {
      setHeader(x, 'content-disposition', `attachment; filename="outcry-${id}.json"`);
      return streamText(x, ownDataText(id, ask));
    },
  ),

  route(
    {
      method: 'delete',
      path: '/v1/users/{id}',
      params,
      name: 'deleteAccount',
      summary:
        'Signs a user out everywhere and deletes the account (me is the caller), which goes on by itself until nothing names the user',
      who: 'that user, or an admin',
      answer: { status: 202 },
      refusals: ['NOT_FOUND', 'ACCOUNT_IN_USE'],
      example: {},
    },
    async ({ params: { id } }, { accounts }: HistoryParts) => {
      await deleteAccount(accounts, id);
      return { status: 202, body: null };
    },
  ),
];
