/** The public events that the script must write, made of what the model decided. */
import type { PublicState } from '@outcry/shared/contracts/events.ts';
import type { Auction, RuleEvent } from '@outcry/shared/domain/auction-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';

/** A public event without its place and time. */
export interface ExpectedEvent extends Omit<RuleEvent, 'reason'> {
  readonly reason?: string;
  readonly state: PublicState;
}

/** Those of the passing of time, of which only the last carries the final state. */
export function passedEvents(
  before: Auction,
  after: Auction,
  events: readonly RuleEvent[],
): ExpectedEvent[] {
  const { outcome: _notYet, ...open } = after;
  return events.map((event) => {
    const endsAt = event.type === 'started' ? before.endsAt : after.endsAt;
    const between: Auction = event.type === 'ended' ? after : { ...open, status: 'live', endsAt };
    return { ...event, state: publicState(between) };
  });
}

/** JSON with members in alphabetic order, so that only the content is compared. */
export const sorted = (value: object): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
