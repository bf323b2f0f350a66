import type { HttpBindings } from '@hono/node-server';
import type { Context, Handler } from 'hono';
import type { Exchange, HttpAnswer } from './exchange.ts';

/** What travels with a request through Hono. */
export interface GatewayContext {
  Bindings: HttpBindings;
  Variables: { exchange: Exchange };
}

/** The answer as Hono takes it: made once, because changing a finished `Response` is slow. */
export function toResponse(x: Exchange, { status, body }: HttpAnswer): Response {
  const headers: Record<string, string> = {};
  for (let i = 0; i < x.headers.length; i += 2) {
    headers[x.headers[i] ?? ''] = x.headers[i + 1] ?? '';
  }
  return new Response(body, { status, headers });
}

/** A route that answers with plain values. */
export const route =
  (
    answer: (x: Exchange, c: Context<GatewayContext>) => HttpAnswer | Promise<HttpAnswer>,
  ): Handler<GatewayContext> =>
  async (c) => {
    const x = c.get('exchange');
    return toResponse(x, await answer(x, c));
  };

/** A part of the route's path; every route that asks has it. */
export const pathPart = (c: Context<GatewayContext>, name: string): string =>
  c.req.param(name) ?? '';
