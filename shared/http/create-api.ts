/** A service's HTTP API from its routes: what every request passes through, on the way to its route. */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context, type Handler, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { problemPage } from '../contracts/problems.ts';
import { CursorError } from '../runtime/cursors.ts';
import type { Caller } from '../runtime/access-tokens.ts';
import type { Logger } from '../runtime/logger.ts';
import { originAllowed } from '../runtime/origins.ts';
import { traceIdOf } from '../runtime/tracing.ts';
import { authenticate, type Authentication } from './authenticate.ts';
import {
  answerJsonText,
  answerProblem,
  answerText,
  noSuchRoute,
  openExchange,
  setHeader,
  wrongMethod,
  type Exchange,
  type HttpAnswer,
} from './exchange.ts';
import { openApiDocument, type ApiInfo } from './openapi.ts';
import { refusalByAddress } from './rate-limits.ts';
import { readBody, readIdempotencyKey, readQuery } from './read-request.ts';
import type { Declaration, Route, RouteAnswer } from './route.ts';

/** What travels with a request through Hono. */
export interface ApiContext {
  Bindings: HttpBindings;
  Variables: { exchange: Exchange };
}

export interface Api<P> extends Authentication {
  readonly routes: readonly Route<P>[];
  readonly parts: P;
  readonly info: ApiInfo;
  /** Where the description of the routes is. */
  readonly documentPath: string;
  readonly corsOrigins: readonly string[];
  /** Probes, which pass through nothing. */
  readonly addOperations: (app: Hono<ApiContext>) => void;
  /** Pages beside the API. */
  readonly addPages?: (app: Hono<ApiContext>) => void;
  /** The answer to an error of the service's own; undefined for any other. */
  readonly failure: (x: Exchange, error: unknown) => HttpAnswer | undefined;
  readonly log: Logger;
}

/** Every way to ask; a browser's page of an allowed origin may use it. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Last-Event-ID',
  'X-Request-Id',
];

export function createApi<P>(api: Api<P>): Hono<ApiContext> {
  const { routes, corsOrigins, limits } = api;
  const app = new Hono<ApiContext>();
  // Before everything else: probes are not counted.
  api.addOperations(app);

  app.use((c, next) => {
    c.set('exchange', openExchange(c.env.incoming, c.env.outgoing, corsOrigins));
    return next();
  });
  const methods = routes.map(({ declaration }) => declaration.method.toUpperCase());
  const preflight: MiddlewareHandler<ApiContext> = cors({
    origin: (origin) => (originAllowed(origin, corsOrigins) ? origin : null),
    allowMethods: [...new Set([...methods.toSorted(), 'OPTIONS'])],
    allowHeaders: ALLOWED_HEADERS,
    maxAge: 600,
  });
  const whenAsked: MiddlewareHandler<ApiContext> = (c, next) =>
    c.req.method === 'OPTIONS' ? preflight(c, next) : next();
  app.use('/v1/*', whenAsked);
  if (limits.byAddress !== undefined) {
    app.use(async (c, next) => {
      const x = c.get('exchange');
      const refusal = await refusalByAddress(x, limits);
      return refusal === undefined ? next() : toResponse(x, refusal);
    });
  }
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c: Context<ApiContext>, allowed) =>
        toResponse(c.get('exchange'), wrongMethod(c.get('exchange'), allowed)),
    }),
  );

  for (const each of routes) addRoute(app, api, each);
  const document = JSON.stringify(openApiDocument(api.info, routes));
  app.get(
    api.documentPath,
    page((x) => {
      // No secret: the page of another service may show it.
      setHeader(x, 'access-control-allow-origin', '*');
      return answerJsonText(x, document);
    }),
  );
  app.get(
    '/problems/:code',
    page((x, c) => {
      const text = problemPage(c.req.param('code') ?? '');
      return text === undefined
        ? noSuchRoute(x)
        : answerText(x, text, 200, 'text/plain; charset=utf-8');
    }),
  );
  api.addPages?.(app);

  app.notFound((c) => toResponse(c.get('exchange'), noSuchRoute(c.get('exchange'))));
  app.onError((error, c) => {
    const x = c.get('exchange');
    return toResponse(x, api.failure(x, error) ?? answerError(x, error, api.log));
  });
  return app;
}

/** A page that answers with plain values. */
export const page =
  (answer: (x: Exchange, c: Context<ApiContext>) => HttpAnswer): Handler<ApiContext> =>
  (c) => {
    const x = c.get('exchange');
    return toResponse(x, answer(x, c));
  };

/** An error that nothing else answers is our own fault. */
export function answerError(x: Exchange, error: unknown, log: Logger): HttpAnswer {
  if (error instanceof CursorError) {
    const errors = [{ path: 'cursor', message: error.message }];
    return answerProblem(x, 'INVALID_REQUEST', 'The cursor cannot be used.', { errors });
  }
  const ids = { requestId: x.requestId, traceId: traceIdOf(x.trace) };
  log.error({ err: error, ...ids }, 'a request failed');
  return answerProblem(x, 'INTERNAL', 'The failure was logged under this request id.');
}

const READ_ONLY = ['GET', 'OPTIONS'];

function addRoute<P>(app: Hono<ApiContext>, api: Api<P>, each: Route<P>): void {
  const { declaration } = each;
  const { method, params = {} } = declaration;
  const path = declaration.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    params[name] === undefined
      ? `:${name}`
      : `:${name}{${params[name].source.replaceAll(/^\^|\$$/g, '')}}`,
  );
  const isStream = declaration.answer.type === 'text/event-stream';
  app.on(method.toUpperCase(), path, async (c) => {
    const x = c.get('exchange');
    // Hono asks a route for GET when it is asked for HEAD: a stream would never end.
    if (isStream && x.incoming.method === 'HEAD') return toResponse(x, wrongMethod(x, READ_ONLY));
    return toResponse(x, await answerRoute(x, c, api, each));
  });
  if (isStream)
    app.all(
      path,
      page((x) => wrongMethod(x, READ_ONLY)),
    );
}

/** Everything that the declaration says of the request is checked, in this order. */
async function answerRoute<P>(
  x: Exchange,
  c: Context<ApiContext>,
  api: Api<P>,
  { declaration, answer }: Route<P>,
): Promise<RouteAnswer> {
  if (answer === undefined) return noSuchRoute(x);
  const params: Record<string, string> = c.req.param();
  const caller = await callerOf(x, params, api, declaration);
  if (caller !== undefined && 'status' in caller) return caller;
  const key = declaration.idempotent ? readIdempotencyKey(x) : NO_KEY;
  if (!key.ok) return key.answer;
  const query = declaration.query && readQuery(x, c.req.url, declaration.query);
  if (query?.ok === false) return query.answer;
  const body = declaration.body && (await readBody(x, declaration.body, declaration.maxBodyBytes));
  if (body?.ok === false) return body.answer;
  const asked = { x, params, caller, key: key.value, query: query?.value, body: body?.value };
  return answer(asked as never, api.parts);
}

const NO_KEY = { ok: true, value: '' } as const;

/** Who asks, undefined for anyone; or the answer that refuses it. Changes `me` into the caller's id. */
async function callerOf(
  x: Exchange,
  params: Record<string, string>,
  api: Authentication,
  { who, method }: Declaration,
): Promise<Caller | HttpAnswer | undefined> {
  if (who === 'anyone') return undefined;
  const isOptional = who === 'anyone, more with a token';
  const isNamed = x.incoming.headers.authorization !== undefined || params['id'] === 'me';
  if (isOptional && !isNamed) return undefined;
  const isRole = who === 'bidder' || who === 'seller' || who === 'admin';
  const known = await authenticate(x, api, isRole ? who : undefined);
  if (!known.ok) return known.answer;
  const caller = known.value;
  // What is told to one caller is kept by no browser and no proxy; a POST's answer is not anyway.
  if (method !== 'post') setHeader(x, 'cache-control', 'no-store');
  if (isRole || who === 'any user') return caller;
  if (params['id'] === 'me') params['id'] = caller.userId;
  const isTheirs = params['id'] === caller.userId || caller.roles.has('admin');
  if (isOptional || isTheirs) return caller;
  return answerProblem(x, 'FORBIDDEN', 'Only this user and admins may see this.');
}

/** The answer as Hono takes it: made once, because changing a finished `Response` is slow. */
function toResponse(x: Exchange, answer: RouteAnswer): Response {
  if (answer === 'taken') return RESPONSE_ALREADY_SENT;
  const headers: Record<string, string> = {};
  for (let i = 0; i < x.headers.length; i += 2) {
    headers[x.headers[i] ?? ''] = x.headers[i + 1] ?? '';
  }
  return new Response(answer.body, { status: answer.status, headers });
}
