/**
 * What a message does to the view of an auction; pure. Messages may come late, twice, or not at
 * all, and may lack events: the view only ever moves forward, and says what it could not deliver.
 */
import { auctionView, type AuctionView } from '@outcry/shared/contracts/api.ts';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import {
  comparePositions,
  type EventsMessage,
  type Position,
  type WatchData,
} from '@outcry/shared/contracts/live.ts';

/** An auction as a viewer knows it. */
export interface LiveView {
  readonly auction: AuctionView;
  /** The newest public events, oldest first, of the history that still counts. May have holes. */
  readonly recent: readonly PublicEvent[];
}

/** What happened to the history, in order. */
export type LiveStep =
  | { readonly kind: 'event'; readonly event: PublicEvent }
  /** These events exist but were not sent to this viewer. Both ends are included. */
  | { readonly kind: 'skipped'; readonly epoch: number; readonly from: number; readonly to: number }
  /** Redis lost its newest writes: events of this epoch above `after` never counted. */
  | { readonly kind: 'superseded'; readonly epoch: number; readonly after: number }
  /** Everything before is replaced by the current state; recent events start anew. */
  | { readonly kind: 'replaced' };

export interface Merged {
  readonly view: LiveView;
  /** Empty when the message told nothing new; then the view is the one that came in. */
  readonly steps: readonly LiveStep[];
}

/** A live message on top of a view. Anything at or below the view's position changes nothing. */
export function applyMessage(view: LiveView, message: EventsMessage, recentLimit: number): Merged {
  if (comparePositions(message, view.auction) <= 0) return { view, steps: [] };
  const steps = stepsTo(view.auction, message);
  // The outcome belongs to the state, and a later epoch's state may have none.
  const { outcome: _before, ...kept } = view.auction;
  const { epoch, seq, state, serverTime } = message;
  return {
    view: {
      auction: auctionView(kept, state, { epoch, seq, serverTime }),
      recent: recentAfter(view.recent, steps, recentLimit),
    },
    steps,
  };
}

/** The answer to `watch` on top of what was known before, if anything. */
export function applyWatch(
  view: LiveView | undefined,
  { auction, events, recovered }: WatchData,
  recentLimit: number,
): Merged {
  if (view !== undefined && comparePositions(auction, view.auction) <= 0) {
    return { view, steps: [] };
  }
  if (view !== undefined && recovered) {
    return applyMessage(view, asMessage(auction, events), recentLimit);
  }
  const steps: LiveStep[] = [{ kind: 'replaced' }];
  for (const event of events) steps.push({ kind: 'event', event });
  return { view: { auction, recent: recentAfter([], steps, recentLimit) }, steps };
}

const asMessage = (auction: AuctionView, events: readonly PublicEvent[]): EventsMessage => ({
  auctionId: auction.id,
  epoch: auction.epoch,
  seq: auction.seq,
  events,
  state: auction,
  serverTime: auction.serverTime,
});

/** Accounts for every seq between two positions. */
function stepsTo(from: Position, message: EventsMessage): LiveStep[] {
  const steps: LiveStep[] = [];
  let at: Position = from;
  const fresh = message.events
    .filter((event) => comparePositions(event, message) <= 0)
    .toSorted(comparePositions);
  for (const event of fresh) {
    if (comparePositions(event, at) <= 0) continue;
    steps.push(...stepsBetween(at, event, event.parent), { kind: 'event', event });
    at = event;
  }
  if (comparePositions(at, message) < 0) {
    steps.push(...stepsBetween(at, { epoch: message.epoch, seq: message.seq + 1 }));
  }
  return steps;
}

/** What lies between two positions of which nothing in between is known; both ends excluded. */
function stepsBetween(at: Position, next: Position, parent?: number): LiveStep[] {
  if (next.epoch !== at.epoch) {
    // Only the event that starts an epoch says where that one forked off, and only of its parent;
    // else nobody can say which of the events before still count.
    if (parent !== at.epoch) return [{ kind: 'replaced' }];
    const fork = next.seq - 1;
    if (fork < at.seq) return [{ kind: 'superseded', epoch: at.epoch, after: fork }];
  }
  const [from, to] = [at.seq + 1, next.seq - 1];
  return from > to ? [] : [{ kind: 'skipped', epoch: at.epoch, from, to }];
}

function recentAfter(
  recent: readonly PublicEvent[],
  steps: readonly LiveStep[],
  limit: number,
): readonly PublicEvent[] {
  let next = [...recent];
  for (const step of steps) {
    if (step.kind === 'event') next.push(step.event);
    if (step.kind === 'superseded') next = next.filter(({ seq }) => seq <= step.after);
    if (step.kind === 'replaced') next = [];
  }
  return next.slice(-limit);
}
