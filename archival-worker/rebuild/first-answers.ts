/**
 * The first answers, worked out again from the events: a retry of an accepted command gets the
 * same bytes after a rebuild as before. They are what the decide script (commands.lua) stores in the
 * auction's hash. Refused commands have no event, so their answers cannot be restored.
 */
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { stateRecord } from '@outcry/shared/contracts/records.ts';

/** An event of an auction, parsed. */
export interface HistoryEvent {
  readonly shown: PublicEvent;
  readonly secret: PrivateEvent;
}

/** One field of the auction's hash. */
export interface FirstAnswer {
  /** `a:user:idempotency key` */
  readonly field: string;
  /** `fingerprint+OK receipt` */
  readonly record: string;
}

/**
 * The first answer to the command that made this event; undefined when nobody asked for it.
 * @param result the event after which the command was answered, where it is not this one: an
 *   auction that opens at once is created and started by the same call
 */
export function firstAnswer(event: HistoryEvent, result = event): FirstAnswer | undefined {
  const { userId, key, fingerprint } = event.secret;
  if (userId === undefined || key === undefined || fingerprint === undefined) return undefined;
  const { bidId, leaderId, alias = 0 } = event.secret;
  const receipt =
    bidId === undefined
      ? auctionReceipt(result)
      : bidReceipt(bidId, event.shown, leaderId === userId ? 'leading' : 'outbid', alias);
  return answered({ userId, key, fingerprint }, receipt);
}

/** An answer to a request with a key. */
export const answered = (
  { userId, key, fingerprint }: Pick<PrivateEvent, 'userId' | 'key' | 'fingerprint'>,
  receipt: string,
): FirstAnswer => ({ field: `a:${userId}:${key}`, record: `${fingerprint}+OK ${receipt}` });

/** bidId epoch seq leading|outbid|scheduled alias price minimumBid|- endsAt at (ms) */
export function bidReceipt(
  bidId: string,
  { epoch, seq, at, state }: PublicEvent,
  result: 'leading' | 'outbid' | 'scheduled',
  alias: number,
): string {
  const after = [state.price, state.minimumBid ?? '-', Date.parse(state.endsAt), Date.parse(at)];
  return [bidId, epoch, seq, result, alias, ...after].join(' ');
}

/** epoch seq at (ms) state */
function auctionReceipt({ shown: { epoch, seq, at, state } }: HistoryEvent): string {
  return `${epoch} ${seq} ${Date.parse(at)} ${stateRecord(state)}`;
}
