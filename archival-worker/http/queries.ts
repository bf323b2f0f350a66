import type { Context } from 'hono';
import type { z } from 'zod';
import { queryValues } from '@outcry/shared/contracts/query-strings.ts';
import { fieldFaults } from '@outcry/shared/runtime/request-body.ts';
import { CursorError } from '../history/cursors.ts';
import type { HistoryContext } from './context.ts';
import { sendProblem } from './problems.ts';

/** Answers a problem that names each query parameter that cannot be used. */
export async function withQuery<T extends z.ZodType>(
  c: Context<HistoryContext>,
  schema: T,
  answer: (query: z.infer<T>) => Promise<Response>,
): Promise<Response> {
  const query = schema.safeParse(queryValues(c.req.url));
  if (!query.success) {
    return sendProblem(c, 'INVALID_REQUEST', 'Some query parameters cannot be used.', {
      errors: fieldFaults(query.error),
    });
  }
  try {
    return await answer(query.data);
  } catch (error) {
    if (!(error instanceof CursorError)) throw error;
    const errors = [{ path: 'cursor', message: error.message }];
    return sendProblem(c, 'INVALID_REQUEST', 'The cursor cannot be used.', { errors });
  }
}
