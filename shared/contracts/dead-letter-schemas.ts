/** Dead letters as schemas: what is asked and answered, held to the types by `satisfies`. */
import { z } from 'zod';
import { id, pageOf, time } from './api-answers.ts';
import type { DeadLetterQuery, DeadLetterView, RetriedDeadLetter } from './dead-letters.ts';
import { pageLimit } from './query-strings.ts';

export const deadLetterQuery = z.strictObject({
  limit: pageLimit,
  // It holds a subject, which may be long.
  cursor: z.string().max(8_000).optional(),
}) satisfies z.ZodType<DeadLetterQuery>;

const deadLetter = z.strictObject({
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('sha256 of the payload'),
  subject: z.string(),
  auctionId: id.nullable().describe('null when the subject names none'),
  reason: z.string().describe('why it could not be stored'),
  bytes: z.int().min(0).describe('size of the payload'),
  seenAt: time.describe('when it came first'),
}) satisfies z.ZodType<DeadLetterView>;

export const deadLetterPage = pageOf(deadLetter);

export const retriedDeadLetter = z.strictObject({
  stored: z.int().min(0),
  kept: z.int().min(0).describe('they still cannot be stored'),
  reason: z.string().nullable().describe('why the first of those cannot'),
}) satisfies z.ZodType<RetriedDeadLetter>;
