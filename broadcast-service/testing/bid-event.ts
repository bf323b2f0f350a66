import type { PublicEvent, PublicState } from '@outcry/shared/contracts/events.ts';
import type { LiveEvent } from '../feed/live-message.ts';

/** When the auctions of pure tests end. */
export const END = '2030-01-01T00:00:00.000Z';

/** The state after the bid whose price and count are its seq. */
export const stateAt = (seq: number): PublicState => ({
  status: 'live',
  price: seq,
  minimumBid: 1,
  leader: 1,
  bidCount: seq,
  reserveMet: true,
  endsAt: END,
});

/** The event of that bid; with a parent, of a new epoch. */
export function eventAt(seq: number, epoch = 1, parent?: number): LiveEvent {
  const began = parent === undefined ? {} : { parent };
  const type = parent === undefined ? 'bid' : 'epoch';
  const event: PublicEvent = { epoch, seq, type, at: END, state: stateAt(seq), ...began };
  return { epoch, seq, ...began, json: JSON.stringify(event) };
}
