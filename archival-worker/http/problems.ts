import type { Context } from 'hono';
import type { z } from 'zod';
import {
  problem,
  type ProblemCode,
  type ProblemExtras,
} from '@outcry/shared/contracts/problems.ts';
import type { HistoryContext } from './context.ts';

const MAX_ERRORS = 20;

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
  return new Response(JSON.stringify(body), { status: body.status, headers });
}

/** The address exists, for other methods. */
export function sendWrongMethod(c: Context<HistoryContext>, allowed: readonly string[]): Response {
  const methods = allowed.join(', ');
  const response = sendProblem(c, 'METHOD_NOT_ALLOWED', `This address takes ${methods}.`);
  response.headers.set('allow', methods);
  return response;
}

/** Schema faults as `errors[]` of a problem. */
export const errorsOf = (error: z.ZodError): { path: string; message: string }[] =>
  error.issues.slice(0, MAX_ERRORS).map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
