import type { Hono } from 'hono';
import { devTokenRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { answerProblem } from './answers.ts';
import { route, type GatewayContext } from './context.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readBody } from './request-body.ts';
import { answerJson, setHeader } from './exchange.ts';

/** What needs no token: the public configuration, and tokens for demo users on one's own machine. */
export function addOpenRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  app.get(
    '/v1/config',
    route((x) => answerJson(x, parts.publicConfig)),
  );

  app.post(
    '/v1/dev/tokens',
    route(async (x) => {
      const { signDevToken } = parts;
      if (signDevToken === undefined) return answerProblem(x, 'NOT_FOUND', 'Nothing is here.');
      const body = await readBody(x, devTokenRequest);
      if (!body.ok) return body.answer;
      setHeader(x, 'cache-control', 'no-store');
      return answerJson(x, await signDevToken(body.value.userId, body.value.roles), 201);
    }),
  );
}
