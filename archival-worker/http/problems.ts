import type { Context } from 'hono';
import {
  problem,
  type ProblemCode,
  type ProblemExtras,
} from '@outcry/shared/contracts/problems.ts';
import type { HistoryContext } from './context.ts';

/** Answers with a problem body and its status. */
export function sendProblem(
  c: Context<HistoryContext>,
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
): Response {
  const body = problem(code, detail, c.get('requestId'), extras);
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (extras.retryAfterMs !== undefined) {
    headers['retry-after'] = `${Math.ceil(extras.retryAfterMs / 1000)}`;
  }
  if (body.status === 401) headers['www-authenticate'] = 'Bearer';
  // The rest of the body is not read: a client must not send the next request behind it.
  if (body.status === 413) headers['connection'] = 'close';
  return new Response(JSON.stringify(body), { status: body.status, headers });
}

/** The address exists, for other methods. */
export function sendWrongMethod(c: Context<HistoryContext>, allowed: readonly string[]): Response {
  const methods = allowed.join(', ');
  const response = sendProblem(c, 'METHOD_NOT_ALLOWED', `This address takes ${methods}.`);
  response.headers.set('allow', methods);
  return response;
}
