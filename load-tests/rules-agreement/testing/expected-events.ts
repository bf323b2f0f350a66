/** The public events that the script must write, made of what the model decided. */
import type { PublicState } from '@outcry/shared/contracts/events.ts';
import type { Auction, RuleEvent } from '@outcry/shared/domain/auction-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';

/** A public event without its place and time. */
export interface ExpectedEvent extends Omit<RuleEvent, 'reason'> {
  readonly reason?: string;
  readonly state: PublicState;
}

/** Those of the passing of time. */
export const passedEvents = ({
  events,
  states,
}: {
  readonly events: readonly RuleEvent[];
  readonly states: readonly Auction[];
}): ExpectedEvent[] =>
  states.map((after, i) => ({ ...(events[i] ?? { type: 'ended' }), state: publicState(after) }));

/** JSON with members in alphabetic order, so that only the content is compared. */
export const sorted = (value: object): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
