/** The one comparison of accounts: what bidders were told, Redis's log, and Postgres; pure. */
import type { ArchivedEvent, Head } from './archived-events.ts';
import type { SeenEvents } from './log-watcher.ts';

/** A bid that was answered 2xx. What its bidder does not know or did not keep is left out. */
export interface AcceptedBid {
  readonly auctionId: string;
  /** Its place, as its bidder was told. */
  readonly seq: number;
  readonly epoch?: number;
  readonly bidId?: string;
  readonly userId?: string;
  readonly key?: string;
  readonly alias?: number;
  /** The price after it. */
  readonly price?: number;
}

export interface Evidence {
  readonly accepted: readonly AcceptedBid[];
  /** Bidders were told that nothing was changed by these. */
  readonly refused?: readonly Command[];
  /** Bids that nobody was told the outcome of: so many may be there, or not. */
  readonly unknown: number;
  /** The auctions' heads when nobody bids any more. */
  readonly heads: ReadonlyMap<string, Head>;
  /** Every event as it stood in Redis's log, where that was watched. */
  readonly seen?: SeenEvents;
  /** The histories in Postgres. */
  readonly archived: readonly ArchivedEvent[];
}

type Command = Pick<ArchivedEvent, 'auctionId' | 'userId' | 'key'>;

/** One line for each thing that is wrong; it begins with the auction's id. */
export interface Reconciled {
  readonly lost: readonly string[];
  readonly duplicate: readonly string[];
  readonly altered: readonly string[];
  /** Rows of accepted bids in Postgres. */
  readonly archivedBids: number;
}

export const faultsOf = ({ lost, duplicate, altered }: Reconciled): string[] => [
  ...lost,
  ...duplicate,
  ...altered,
];

export function reconcile(evidence: Evidence): Reconciled {
  const rows = new Map<string, ArchivedEvent>();
  const commands = new Set<string>();
  const lost: string[] = [];
  const duplicate: string[] = [];
  const altered: string[] = [];
  for (const event of evidence.archived) {
    const place = placeOf(event);
    if (rows.has(place)) duplicate.push(`${place} is there twice`);
    rows.set(place, event);
    if (event.seq > (evidence.heads.get(event.auctionId)?.seq ?? 0)) {
      duplicate.push(`${place} is above what Redis has`);
    }
    for (const name of [event.bidId && `bid ${event.bidId}`, commandOf(event)]) {
      if (name === null || name === '') continue;
      if (commands.has(name)) duplicate.push(`${place}: ${name} has more than one event`);
      commands.add(name);
    }
    if (event.lineHash !== event.statedHash) altered.push(`${place} does not have its own hash`);
  }
  for (const [auctionId, { seq: newest }] of evidence.heads) {
    for (let seq = 1; seq <= newest; seq += 1) {
      const place = placeOf({ auctionId, seq });
      const row = rows.get(place);
      if (row === undefined) lost.push(`${place} is not in Postgres`);
      if (evidence.seen === undefined) continue;
      const event = evidence.seen.get(auctionId)?.get(seq);
      if (event === undefined) lost.push(`${place} was never seen in Redis's log`);
      else if (
        row !== undefined &&
        (row.epoch !== event.epoch || row.lineHash !== event.lineHash)
      ) {
        altered.push(`${place} differs from what Redis's log had`);
      }
    }
  }
  const told = new Set<string>();
  for (const bid of evidence.accepted) {
    const place = placeOf(bid);
    const row = rows.get(place);
    if (row === undefined || !row.isBid || !isSame(bid, row, ['bidId', 'epoch'])) {
      lost.push(`${place}: accepted bid ${bid.bidId ?? ''} is not there`);
    } else if (!isSame(bid, row, ['userId', 'key', 'alias', 'price'])) {
      altered.push(`${place} is not what the bidder of ${bid.bidId} was told`);
    }
    const toldPlace = `${place} of epoch ${bid.epoch}`;
    if (told.has(toldPlace)) duplicate.push(`${place} was given to two bids`);
    told.add(toldPlace);
  }
  for (const bid of evidence.refused ?? []) {
    if (commands.has(commandOf(bid) ?? '')) {
      altered.push(`${bid.auctionId}: ${bid.key} was refused and is there`);
    }
  }
  const archivedBids = [...rows.values()].filter(({ isBid }) => isBid);
  const untold = archivedBids.filter((row) => !isTold(told, row));
  if (untold.length > evidence.unknown) {
    const [{ auctionId }] = untold as [ArchivedEvent];
    const text = `${untold.length} bids are in Postgres that nobody was told of`;
    duplicate.push(`${auctionId}: ${text}, and ${evidence.unknown} answers were lost`);
  }
  return { lost, duplicate, altered, archivedBids: archivedBids.length };
}

const placeOf = ({ auctionId, seq }: { auctionId: string; seq: number }): string =>
  `${auctionId} seq ${seq}`;

const commandOf = ({ auctionId, userId, key }: Command): string | null =>
  key === null ? null : `command ${auctionId} ${userId} ${key}`;

/** Whether a row is what its bidder knows of it. */
const isSame = (
  bid: AcceptedBid,
  row: ArchivedEvent,
  columns: readonly (keyof AcceptedBid & keyof ArchivedEvent)[],
): boolean => columns.every((column) => bid[column] === undefined || bid[column] === row[column]);

/** Bidders who know no epoch were told of the place only. */
const isTold = (told: ReadonlySet<string>, row: ArchivedEvent): boolean =>
  told.has(`${placeOf(row)} of epoch ${row.epoch}`) ||
  told.has(`${placeOf(row)} of epoch undefined`);
