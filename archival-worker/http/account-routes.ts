import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import type { HistoryParts } from './history-parts.ts';

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
      await accounts.signOutEverywhere(id);
      return { status: 202, body: null };
    },
  ),
];
