/** The HTTP API: what every request passes through, and the routes. */
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { isBidsPath } from './answer-bids.ts';
import { answerFailure, noSuchRoute, wrongMethod } from './answers.ts';
import { addAuctionRoutes } from './auction-routes.ts';
import { addBidRoutes } from './bid-routes.ts';
import { toResponse, type GatewayContext } from './context.ts';
import { addDocsRoutes } from './docs-routes.ts';
import { openExchange } from './exchange.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { addItemRoutes } from './item-routes.ts';
import { addOpenRoutes } from './open-routes.ts';
import { refusalByAddress } from './rate-limits.ts';

/**
 * Builds the app with the routes of `addOperations` and every other but the one for bids (answer-bids.ts). Routes answer problems as
 * values; what is thrown becomes a 503 or a 500.
 */
export function createApp(
  parts: GatewayParts,
  addOperations: (app: Hono<GatewayContext>) => void,
): Hono<GatewayContext> {
  const { corsOrigins, limits } = parts;
  const app = new Hono<GatewayContext>();
  // Before everything else: probes are not counted.
  addOperations(app);

  app.use((c, next) => {
    c.set('exchange', openExchange(c.env.incoming, c.env.outgoing, corsOrigins));
    return next();
  });
  const preflight: MiddlewareHandler<GatewayContext> = cors({
    origin: [...corsOrigins],
    allowMethods: ['GET', 'POST', 'OPTIONS'],
    allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'],
    maxAge: 600,
  });
  const whenAsked: MiddlewareHandler<GatewayContext> = (c, next) =>
    c.req.method === 'OPTIONS' ? preflight(c, next) : next();
  app.use('/v1/*', whenAsked);
  if (limits.byAddress !== undefined) {
    app.use(async (c, next) => {
      const x = c.get('exchange');
      const refusal = await refusalByAddress(x, limits);
      if (refusal !== undefined) return toResponse(x, refusal);
      await next();
      return undefined;
    });
  }

  app.use(methodNotAllowed({ app, onMethodNotAllowed: answerWrongMethod }));

  addBidRoutes(app, parts);
  addAuctionRoutes(app, parts);
  addItemRoutes(app, parts);
  addOpenRoutes(app, parts);
  addDocsRoutes(app, parts.publicConfig);

  app.notFound((c) => {
    const x = c.get('exchange');
    const isForBids = isBidsPath(x.incoming.url ?? '');
    return toResponse(x, isForBids ? wrongMethod(x, ['POST']) : noSuchRoute(x));
  });
  app.onError((error, c) => {
    const x = c.get('exchange');
    return toResponse(x, answerFailure(x, error, parts.log));
  });
  return app;
}

function answerWrongMethod(c: Context<GatewayContext>, allowed: readonly string[]): Response {
  const x = c.get('exchange');
  return toResponse(x, wrongMethod(x, allowed));
}
