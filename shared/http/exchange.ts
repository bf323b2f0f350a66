/**
 * A request and its answer as plain values: the same for routes, which come through Hono, and for
 * bids, which come straight from node:http.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem, type ProblemCode, type ProblemExtras } from '../contracts/problems.ts';
import { originAllowed } from '../runtime/origins.ts';

/** One request, and the headers that its answer will carry, whichever answer that will be. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly requestId: string;
  /** Name, value, name, value …, as `writeHead` takes them fastest. */
  readonly headers: string[];
  /** `traceparent` of the request's span, when it is sampled. */
  trace: string | undefined;
}

/** An answer; its headers are those of the exchange. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string | null;
}

/** What was read of a request, or the answer that refuses it. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly answer: HttpAnswer };

const REQUEST_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const EXPOSED_HEADERS = [
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
].join(',');

/**
 * Opens the exchange: the request gets its id (the caller's own where it sent a usable one), and
 * a browser of an allowed origin may read the answer.
 */
export function openExchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  corsOrigins: readonly string[],
): Exchange {
  const given = incoming.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  const headers = [
    'x-request-id',
    requestId,
    'x-content-type-options',
    'nosniff',
    'vary',
    'Origin',
  ];
  const { origin } = incoming.headers;
  if (origin !== undefined && originAllowed(origin, corsOrigins)) {
    headers.push('access-control-allow-origin', origin);
    headers.push('access-control-expose-headers', EXPOSED_HEADERS);
  }
  return { incoming, outgoing, requestId, headers, trace: undefined };
}

/** Gives the answer a header, or the header another value. */
export function setHeader({ headers }: Exchange, name: string, value: string): void {
  const at = headers.indexOf(name);
  if (at === -1) headers.push(name, value);
  else headers[at + 1] = value;
}

/** Adds a value to a header that may have several. */
export function appendHeader(x: Exchange, name: string, value: string): void {
  const at = x.headers.indexOf(name);
  setHeader(x, name, at === -1 ? value : `${x.headers[at + 1]}, ${value}`);
}

/** An answer with a body of the given type. */
export function answerText(
  x: Exchange,
  body: string,
  status: number,
  contentType: string,
): HttpAnswer {
  setHeader(x, 'content-type', contentType);
  return { status, body };
}

/** An answer with JSON that is already text. */
export const answerJsonText = (x: Exchange, text: string, status = 200): HttpAnswer =>
  answerText(x, text, status, 'application/json');

/** An answer with a value as JSON. */
export const answerJson = (x: Exchange, value: object, status = 200): HttpAnswer =>
  answerJsonText(x, JSON.stringify(value), status);

/** The one way in which a request is refused: a problem (RFC 9457) with its status and headers. */
export function answerProblem(
  x: Exchange,
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
): HttpAnswer {
  const body = problem(code, detail, x.requestId, extras);
  if (extras.retryAfterMs !== undefined) {
    setHeader(x, 'retry-after', `${Math.ceil(extras.retryAfterMs / 1000)}`);
  }
  if (body.status === 401) setHeader(x, 'www-authenticate', 'Bearer');
  // The rest of the body is not read: a client must not send the next request behind it.
  if (body.status === 413) setHeader(x, 'connection', 'close');
  return answerText(x, JSON.stringify(body), body.status, 'application/problem+json');
}

export const noSuchRoute = (x: Exchange): HttpAnswer =>
  answerProblem(x, 'NOT_FOUND', 'No route has this address.');

/** The address exists, for other methods. */
export function wrongMethod(x: Exchange, allowed: readonly string[]): HttpAnswer {
  const methods = allowed.join(', ');
  setHeader(x, 'allow', methods);
  return answerProblem(x, 'METHOD_NOT_ALLOWED', `This address takes ${methods}.`);
}
