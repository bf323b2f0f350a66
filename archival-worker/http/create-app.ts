/** The history API: what every request passes through, and the routes. */
import { randomUUID } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { problemPage } from '@outcry/shared/contracts/problems.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import type { History } from '../history/history.ts';
import { HistoryUnavailableError } from '../history/ports.ts';
import type { Proofs } from '../history/proofs.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';
import type { Users } from '../history/users.ts';
import type { HistoryContext } from './context.ts';
import { addHistoryRoutes } from './history-routes.ts';
import { sendProblem, sendWrongMethod } from './problems.ts';
import { refusalByAddress, type RateLimits } from './rate-limits.ts';
import { addUserRoutes } from './user-routes.ts';

const REQUEST_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const RETRY_AFTER_MS = 1_000;

export interface AppParts {
  readonly history: History;
  readonly proofs: Proofs;
  readonly users: Users;
  readonly verifyToken: VerifyToken;
  readonly limits: RateLimits;
  /** What costs the database much. */
  readonly answers: SharedAnswers;
  readonly shards: number;
  readonly corsOrigins: readonly string[];
  readonly log: Logger;
}

export function createApp(parts: AppParts): Hono<HistoryContext> {
  const app = new Hono<HistoryContext>();

  app.use(async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.set('headers', []);
    await next();
    for (const [name, value] of c.get('headers')) c.res.headers.append(name, value);
    c.res.headers.set('x-request-id', requestId);
    c.res.headers.set('x-content-type-options', 'nosniff');
  });
  app.use(
    '/v1/*',
    cors({
      origin: [...parts.corsOrigins],
      allowMethods: ['GET', 'PUT', 'OPTIONS'],
      allowHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
      exposeHeaders: ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
      maxAge: 600,
    }),
  );

  app.use(async (c, next) => (await refusalByAddress(c, parts.limits)) ?? next());
  app.use(methodNotAllowed({ app, onMethodNotAllowed: sendWrongMethod }));

  addHistoryRoutes(app, parts);
  addUserRoutes(app, parts);

  app.get('/problems/:code', (c) => {
    const page = problemPage(c.req.param('code'));
    return page === undefined ? noSuchRoute(c) : c.text(page);
  });

  app.notFound(noSuchRoute);
  app.onError((error, c) => {
    const requestId = c.get('requestId');
    if (error instanceof HistoryUnavailableError) {
      parts.log.warn({ err: error, requestId }, 'the archive could not be read');
      const detail = 'The archive cannot be read right now.';
      return sendProblem(c, 'UNAVAILABLE', detail, { retryAfterMs: RETRY_AFTER_MS });
    }
    parts.log.error({ err: error, requestId }, 'a request failed');
    return sendProblem(c, 'INTERNAL', 'The failure was logged under this request id.');
  });
  return app;
}

const noSuchRoute = (c: Context<HistoryContext>): Response =>
  sendProblem(c, 'NOT_FOUND', 'No route has this address.');
