/** The HTTP API: what every request passes through, and the routes. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { except } from 'hono/combine';
import { cors } from 'hono/cors';
import { MayHaveRunError, NotRunError } from '../bidding/auction-commands.ts';
import { sendOutcome, sendProblem } from './answers.ts';
import { addAuctionRoutes } from './auction-routes.ts';
import { addBidRoutes } from './bid-routes.ts';
import type { GatewayContext } from './context.ts';
import { addDocsRoutes } from './docs-routes.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { addItemRoutes } from './item-routes.ts';
import { addOpenRoutes } from './open-routes.ts';
import { limitByAddress } from './rate-limits.ts';
import { commonHeaders } from './send.ts';

const REQUEST_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const EXPOSED_HEADERS = [
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
];

/** Builds the app. Routes answer problems as values; what is thrown becomes a 503 or a 500. */
export function createApp(parts: GatewayParts): Hono<GatewayContext> {
  const app = new Hono<GatewayContext>();

  app.use((c, next) => {
    const given = c.env.incoming.headers['x-request-id'];
    const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.set('headers', commonHeaders(requestId));
    return next();
  });
  const allowOrigin = cors({
    origin: [...parts.corsOrigins],
    allowMethods: ['GET', 'POST', 'OPTIONS'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'],
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  });
  // Only browsers send an origin, and only they need the slower answers that this makes.
  app.use(
    '/v1/*',
    except((c) => c.req.header('origin') === undefined, allowOrigin),
  );

  if (parts.limits.byAddress !== undefined) app.use('/v1/*', limitByAddress(parts.limits));

  addBidRoutes(app, parts);
  addAuctionRoutes(app, parts);
  addItemRoutes(app, parts);
  addOpenRoutes(app, parts);
  addDocsRoutes(app, parts.publicConfig.gatewayUrl);

  app.notFound((c) => sendProblem(c, 'NOT_FOUND', 'No route has this address.'));
  app.onError((error, c) => {
    if (error instanceof NotRunError) {
      const outcome = { kind: 'unavailable', reason: error.message, retryAfterMs: 1_000 } as const;
      return sendOutcome(c, outcome, 200, () => '');
    }
    if (error instanceof MayHaveRunError) {
      return sendOutcome(c, { kind: 'unknown', reason: error.message }, 200, () => '');
    }
    parts.log.error({ err: error, requestId: c.get('requestId') }, 'a request failed');
    return sendProblem(c, 'INTERNAL', 'The failure was logged under this request id.');
  });
  return app;
}
