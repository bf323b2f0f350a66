/**
 * The first answers, worked out again from the events: a retry of an accepted command gets the
 * same bytes after a rebuild as before. They are what the decide script (commands.lua) stores in the
 * auction's hash. Refused commands have no event, so their answers cannot be restored.
 */
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { stateRecord } from '@outcry/shared/contracts/records.ts';

/** An event of the history, parsed. */
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
  const receipt = event.secret.bidId === undefined ? auctionReceipt(result) : bidReceipt(event);
  return { field: `a:${userId}:${key}`, record: `${fingerprint}+OK ${receipt}` };
}

/** bidId epoch seq leading|outbid alias price minimumBid|- endsAt at (ms) */
function bidReceipt({ shown, secret }: HistoryEvent): string {
  const { epoch, seq, at, state } = shown;
  const result = secret.leaderId === secret.userId ? 'leading' : 'outbid';
  const after = [state.price, state.minimumBid ?? '-', Date.parse(state.endsAt), Date.parse(at)];
  return [secret.bidId, epoch, seq, result, secret.alias, ...after].join(' ');
}

/** epoch seq at (ms) state */
function auctionReceipt({ shown: { epoch, seq, at, state } }: HistoryEvent): string {
  return `${epoch} ${seq} ${Date.parse(at)} ${stateRecord(state)}`;
}
