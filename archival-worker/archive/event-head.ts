/** What the lines of auctions and of books have in common. */
import type { EventRow, StateOfAuction } from './event-row.ts';
import type { Fields } from './fields.ts';

export const CURRENCY = /^[A-Z]{3}$/;
/** Of aliases and paddles. */
export const MAX_ALIAS = 2_147_483_647;

type Head = Pick<EventRow, 'epoch' | 'seq' | 'type' | 'at' | 'parent'>;

/** What the public part of an event says by itself. */
export interface ShownEvent extends Head, Partial<Pick<EventRow, 'amount'>> {
  /** The bidder whom a `removed` event removed. */
  readonly removed?: number | undefined;
  readonly state: Omit<StateOfAuction, 'leaderId'>;
}

/** What the private part of an event says besides. */
export type HiddenFacts = Partial<
  Pick<EventRow, 'userId' | 'bidId' | 'alias' | 'terms' | 'sale' | 'registration'> &
    Pick<StateOfAuction, 'leaderId'>
>;

/** The place and time of an event. @param first what a first event is, and no other one */
export function headOf(event: Fields, type: EventRow['type'], first: 'scheduled' | 'left'): Head {
  const seq = event.integer('seq', 1);
  const epoch = event.integer('epoch', type === 'epoch' ? 2 : 1);
  // Absentee bids are left again and again.
  const fits = first === 'left' ? seq > 1 || type === first : (seq === 1) === (type === first);
  if (!fits) throw new Error(`"${type}" cannot have seq ${seq}`);
  if (seq === 1 && epoch !== 1) throw new Error('the first event must be of epoch 1');
  const parent = type === 'epoch' ? parentOf(epoch, event) : undefined;
  return { epoch, seq, type, at: event.time('at'), parent };
}

/** Epoch events from before epochs were numbered by the clock name no parent: it was one lower. */
function parentOf(epoch: number, event: Fields): number {
  return event.optionalInteger('parent', 1, epoch - 1) ?? epoch - 1;
}
