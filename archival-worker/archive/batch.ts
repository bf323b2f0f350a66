/** What a batch of decoded events means for the tables. Pure. */
import { compareEvents, samePlace, type EventRow } from './event-row.ts';

/** Where an epoch came from: its parent, and the last seq that is kept of that one. */
export interface EpochFork {
  readonly auctionId: string;
  readonly epoch: number;
  /** Undefined for the first epoch. */
  readonly parent: number | undefined;
  readonly fork: number;
}

/** Events in lock order, each place once; `conflicting` claim a place with other content. */
export interface DistinctEvents {
  readonly events: readonly EventRow[];
  readonly conflicting: readonly EventRow[];
}

/** Sorts the events of a batch; of several with the same place the one that came first is kept. */
export function distinctEvents(arrived: readonly EventRow[]): DistinctEvents {
  const events: EventRow[] = [];
  const conflicting: EventRow[] = [];
  for (const row of arrived.toSorted(compareEvents)) {
    const last = events.at(-1);
    if (last === undefined || !samePlace(last, row)) events.push(row);
    else if (last.payloadHash !== row.payloadHash) conflicting.push(row);
  }
  return { events, conflicting };
}

export type Projections = ReturnType<typeof projectionsOf>;

/**
 * What events change besides being stored. Each list is in the order of auction ids.
 * @param events in lock order, see {@link distinctEvents}
 */
export const projectionsOf = (events: readonly EventRow[]) => ({
  /** The newest event of each auction: its state becomes the auction's, if it is newer. */
  newest: events.filter((row, i) => row.auctionId !== events[i + 1]?.auctionId),
  /** First events: they carry the terms and the item. */
  created: events.filter((row) => row.terms !== undefined),
  /** What is told of sales: terms and registrations. */
  ofSales: events.filter((row) => row.sale !== undefined || row.registration !== undefined),
  forks: events
    .filter((row) => row.seq === 1 || row.type === 'epoch')
    .map(({ auctionId, epoch, parent, fork = 0 }): EpochFork => ({
      auctionId,
      epoch,
      parent,
      fork,
    })),
  /** Bids and purchases as the public sees them: what statistics count. */
  bids: events.filter((row) => row.amount !== undefined),
  /** Auctions from which a bidder was removed. */
  removals: auctionsOf(events.filter((row) => row.type === 'removed')),
});

/** Events of one epoch without a gap between them, from seq `first` to `last`. */
export interface Run {
  readonly auctionId: string;
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
}

/** The last run of each auction. @param events in lock order, see {@link distinctEvents} */
export function newestRuns(events: readonly EventRow[]): Run[] {
  const runs = new Map<string, Run>();
  for (const { auctionId, epoch, seq } of events) {
    const run = runs.get(auctionId);
    const goesOn = run?.epoch === epoch && run.last + 1 === seq;
    runs.set(auctionId, { auctionId, epoch, first: goesOn ? run.first : seq, last: seq });
  }
  return [...runs.values()];
}

/** The auctions that the events belong to, each once, in order. */
export const auctionsOf = (events: readonly EventRow[]): string[] => [
  ...new Set(events.map((row) => row.auctionId)),
];
