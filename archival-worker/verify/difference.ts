import type { Position } from '@outcry/shared/contracts/live.ts';

/** What does not agree, and where. */
export interface Difference {
  /** Undefined for totals of users. */
  readonly auctionId: string | undefined;
  /** The event's place, where one event is at fault. */
  readonly place: Position | undefined;
  readonly what: string;
}

/** For a person: which row, and what. */
export function differenceText({ auctionId, place, what }: Difference): string {
  const where = place === undefined ? '' : `, epoch ${place.epoch}, seq ${place.seq}`;
  return `${auctionId ?? 'totals'}${where}: ${what}`;
}
