/** What viewers may send, checked at the edge. Nothing of a request is trusted before. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { BidReceipt, BidRequest } from '@outcry/shared/contracts/api.ts';
import type { Ack } from '@outcry/shared/contracts/live.ts';
import {
  problem,
  type ProblemCode,
  type ProblemExtras,
} from '@outcry/shared/contracts/problems.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';

const auctionId = z.string().regex(ID_PATTERN);
const amount = z.int().min(1).max(MAX_AMOUNT);

export const watchRequest = z.strictObject({
  auctionId,
  after: z.strictObject({ epoch: z.int().min(1), seq: z.int().min(0) }).optional(),
  counted: z.boolean().default(true),
});

export const unwatchRequest = z.strictObject({ auctionId });

export const bidRequest = z
  .strictObject({
    auctionId,
    amount: amount.optional(),
    maxAmount: amount.optional(),
    idempotencyKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/)
      .optional(),
  })
  .transform((request, context): { auctionId: string; offer: BidRequest; key?: string } => {
    const { auctionId, amount, maxAmount, idempotencyKey } = request;
    const key = idempotencyKey === undefined ? {} : { key: idempotencyKey };
    if (maxAmount === undefined) {
      if (amount !== undefined) return { auctionId, offer: { amount }, ...key };
    } else if (amount === undefined) {
      return { auctionId, offer: { maxAmount }, ...key };
    }
    const message = 'give exactly one of amount and maxAmount';
    context.addIssue({ code: 'custom', path: ['amount'], message });
    return z.NEVER;
  });

/** Where nothing says for how long a request is refused. */
export const RETRY_AFTER_MS = 1_000;

/** The one way in which a request over a socket is refused. */
export const refused = (
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
  requestId: string = randomUUID(),
): Ack<never> => ({ ok: false, problem: problem(code, detail, requestId, extras) });

/** A request that has not the documented form. */
export function malformed(error: z.ZodError): Ack<never> {
  const errors = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  return refused('INVALID_REQUEST', 'The message has not the documented form.', { errors });
}

/** A bid as the user's own token entitles to it. */
export type BidToForward = z.infer<typeof bidRequest> & {
  readonly token: string;
  /** The bidder's network address. */
  readonly address: string;
};

/**
 * Hands a bid to the gateway, where every bid is decided, and brings back its answer. Answers
 * within 3 s, never rejects: `OUTCOME_UNKNOWN` when the bid may have been placed.
 */
export type ForwardBid = (bid: BidToForward) => Promise<Ack<BidReceipt>>;
