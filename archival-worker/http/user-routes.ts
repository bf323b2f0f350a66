import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import {
  displayNameRequest,
  leaderboardQuery,
  ownBidsQuery,
} from '@outcry/shared/contracts/history-schemas.ts';
import type { VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import { undeclaredJson } from '@outcry/shared/runtime/json-body.ts';
import type { Users } from '../history/users.ts';
import { asCaller, asOwner } from './authenticate.ts';
import type { HistoryContext } from './context.ts';
import { errorsOf, sendProblem } from './problems.ts';
import { withQuery } from './queries.ts';

const MAX_BODY_BYTES = 4_096;
/** No user has an id of another form: such an address is not found. */
const USER = ':id{[A-Za-z0-9_-]{1,64}}';

/** `/v1/leaderboard`, `/v1/users/{id}/stats`, `…/bids` and `/v1/users/me/name`. */
export function addUserRoutes(
  app: Hono<HistoryContext>,
  { users, verifyToken }: { users: Users; verifyToken: VerifyToken },
): void {
  app.get('/v1/leaderboard', (c) =>
    withQuery(c, leaderboardQuery, async (query) => c.json(await users.leaderboard(query))),
  );

  app.get(`/v1/users/${USER}/stats`, (c) => {
    const asked = c.req.param('id');
    const isPublic = c.req.header('authorization') === undefined && asked !== 'me';
    const answer = async (userId: string, ofOpenAuctionsToo: boolean): Promise<Response> =>
      c.json(await users.stats(userId, ofOpenAuctionsToo));
    if (isPublic) return answer(asked, false);
    return asCaller(c, verifyToken, (caller) => {
      const userId = asked === 'me' ? caller.userId : asked;
      return answer(userId, userId === caller.userId || caller.roles.has('admin'));
    });
  });

  app.get(`/v1/users/${USER}/bids`, (c) =>
    asOwner(c, verifyToken, (userId) =>
      withQuery(c, ownBidsQuery, async (query) => c.json(await users.bids(userId, query))),
    ),
  );

  const limitBody = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c: Context<HistoryContext>) => {
      const refusal = sendProblem(c, 'INVALID_REQUEST', 'The body is too large.', { status: 413 });
      // The rest of the body is not read: a client must not send the next request behind it.
      refusal.headers.set('connection', 'close');
      return refusal;
    },
  });
  app.put('/v1/users/me/name', limitBody, (c) =>
    asCaller(c, verifyToken, async ({ userId }) => {
      const undeclared = undeclaredJson(
        c.req.header('content-type'),
        c.req.header('content-encoding'),
      );
      if (undeclared !== undefined) {
        return sendProblem(c, 'INVALID_REQUEST', undeclared, { status: 415 });
      }
      let body: unknown;
      try {
        body = await c.req.json();
      } catch {
        return sendProblem(c, 'INVALID_REQUEST', 'The body is not JSON.', { status: 400 });
      }
      const request = displayNameRequest.safeParse(body);
      if (!request.success) {
        const errors = errorsOf(request.error);
        return sendProblem(c, 'INVALID_REQUEST', 'The name cannot be used.', { errors });
      }
      const { name } = request.data;
      if (await users.rename(userId, name)) return c.json({ userId, name });
      return sendProblem(c, 'NAME_TAKEN', 'Another user has this name, or one that looks like it.');
    }),
  );
}
