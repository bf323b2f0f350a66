/**
 * What clients did and heard, and what the log says: everything a checker needs, see README.md.
 * The schemas are the file format; the checker works on the types.
 */
import { z } from 'zod';
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';

const amount = z.int().min(1);

/** What a client asked for. Two requests are the same when their JSON is. */
const historyRequest = z.union([
  z.strictObject({ kind: z.literal('bid'), amount }),
  z.strictObject({ kind: z.literal('bid'), maxAmount: amount }),
  z.strictObject({ kind: z.literal('extend'), endsAt: z.iso.datetime() }),
  z.strictObject({ kind: z.enum(['buy', 'cancel', 'read', 'me']) }),
]);
export type HistoryRequest = z.infer<typeof historyRequest>;

const historyAnswer = z.strictObject({
  status: z.int(),
  /** The answer had the header `Idempotency-Replayed: true`. */
  replayed: z.boolean(),
  body: z.record(z.string(), z.unknown()),
});
export type HistoryAnswer = z.infer<typeof historyAnswer>;

/** One request of one client to one gateway. */
const historyCommand = z.strictObject({
  type: z.literal('command'),
  id: z.int(),
  client: z.int(),
  userId: z.string(),
  gateway: z.int(),
  auctionId: z.string(),
  request: historyRequest,
  /** The `Idempotency-Key`, '' when the request had none. */
  key: z.string(),
  /** Milliseconds of one monotonic clock: before the first byte left, after the last came. */
  start: z.number(),
  /** Null when no answer came; then `answer` is null too, and what happened is unknown. */
  end: z.number().nullable(),
  answer: historyAnswer.nullable(),
});
export type HistoryCommand = z.infer<typeof historyCommand>;

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** One event of an auction's log, as Redis held it after the run. */
const loggedEvent = z.strictObject({
  type: z.literal('event'),
  auctionId: z.string(),
  public: z.custom<PublicEvent>(isRecord),
  private: z.custom<PrivateEvent>(isRecord),
});
export type LoggedEvent = z.infer<typeof loggedEvent>;

/** The first line of a file. */
const historyHead = z.strictObject({
  type: z.literal('history'),
  version: z.literal(1),
  /** What the run was; for people. */
  name: z.string(),
  /** Terms and plans of the clients follow from it. */
  seed: z.int(),
});

export const historyLine = z.discriminatedUnion('type', [historyHead, historyCommand, loggedEvent]);

/** A run that is over: no command of it can do anything any more. */
export interface History {
  readonly name: string;
  readonly seed: number;
  readonly commands: readonly HistoryCommand[];
  /** The events of all auctions; those of one auction in the order of its log. */
  readonly events: readonly LoggedEvent[];
}
