import type { Hono } from 'hono';
import { devTokenRequest } from '@outcry/shared/contracts/api.ts';
import { sendProblem } from './answers.ts';
import type { GatewayContext } from './context.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readBody } from './request-body.ts';
import { sendJson, setHeader } from './send.ts';

/** What needs no token: the public configuration, and tokens for demo users on one's own machine. */
export function addOpenRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  app.get('/v1/config', (c) => sendJson(c, parts.publicConfig));

  app.post('/v1/dev/tokens', async (c) => {
    const { signDevToken } = parts;
    if (signDevToken === undefined) return sendProblem(c, 'NOT_FOUND', 'Nothing is here.');
    const body = await readBody(c, devTokenRequest);
    if (!body.ok) return body.response;
    setHeader(c, 'cache-control', 'no-store');
    return sendJson(c, await signDevToken(body.value.userId, body.value.roles), 201);
  });
}
