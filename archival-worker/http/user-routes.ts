import type { Hono } from 'hono';
import {
  displayNameRequest,
  leaderboardQuery,
  ownBidsQuery,
} from '@outcry/shared/contracts/history-schemas.ts';
import { readJsonBody } from '@outcry/shared/runtime/request-body.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';
import type { Users } from '../history/users.ts';
import { asCaller, asOwner, type AuthParts } from './authenticate.ts';
import type { HistoryContext } from './context.ts';
import { sendProblem } from './problems.ts';
import { withQuery } from './queries.ts';

const MAX_LIMIT = 200;
const MAX_BODY_BYTES = 4_096;
/** No user has an id of another form: such an address is not found. */
const USER = ':id{[A-Za-z0-9_-]{1,64}}';

/** `/v1/leaderboard`, `/v1/users/{id}/stats`, `…/bids` and `/v1/users/me/name`. */
export function addUserRoutes(
  app: Hono<HistoryContext>,
  parts: AuthParts & { readonly users: Users; readonly answers: SharedAnswers },
): void {
  const { users, answers } = parts;
  app.get('/v1/leaderboard', (c) =>
    withQuery(c, leaderboardQuery, async ({ limit, ...query }) => {
      // The whole of it, whatever part is wanted: it costs the same, and is one answer for all.
      const board = await answers.answer(`leaderboard ${JSON.stringify(query)}`, () =>
        users.leaderboard({ ...query, limit: MAX_LIMIT }),
      );
      return c.json({ ...board, items: board.items.slice(0, limit) });
    }),
  );

  app.get(`/v1/users/${USER}/stats`, (c) => {
    const asked = c.req.param('id');
    const isPublic = c.req.header('authorization') === undefined && asked !== 'me';
    const answer = async (userId: string, isOwn: boolean): Promise<Response> =>
      c.json(
        isOwn
          ? await users.stats(userId)
          : await answers.answer(`stats ${userId}`, () => users.shownStats(userId)),
      );
    if (isPublic) return answer(asked, false);
    return asCaller(c, parts, (caller) => {
      const userId = asked === 'me' ? caller.userId : asked;
      return answer(userId, userId === caller.userId || caller.roles.has('admin'));
    });
  });

  app.get(`/v1/users/${USER}/bids`, (c) =>
    asOwner(c, parts, (userId) =>
      withQuery(c, ownBidsQuery, async (query) => c.json(await users.bids(userId, query))),
    ),
  );

  app.put('/v1/users/me/name', (c) =>
    asCaller(c, parts, async ({ userId }) => {
      const request = await readJsonBody(c.env.incoming, displayNameRequest, MAX_BODY_BYTES);
      if (!request.ok) {
        const { status, detail, errors } = request;
        const extras = { status, ...(errors === undefined ? {} : { errors }) };
        return sendProblem(c, 'INVALID_REQUEST', detail, extras);
      }
      const { name } = request.value;
      if (await users.rename(userId, name)) {
        answers.renew();
        return c.json({ userId, name });
      }
      return sendProblem(c, 'NAME_TAKEN', 'Another user has this name, or one that looks like it.');
    }),
  );
}
