/**
 * The bids of one auction as the page shows them, put together from the archive and from live
 * events. Both may overlap, arrive late or in any order; (epoch, seq) names each bid once.
 */
import type { ArchivedBid } from '@outcry/shared/contracts/history.ts';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';

export interface BidEntry extends Position {
  readonly atMs: number;
  readonly alias: number;
  readonly amount: number;
  /** Right after the bid, where a live event told it; the archive only has the amount. */
  readonly after?: { readonly price: number; readonly leader: number | null };
  /** Its bidder was removed: it does not count. */
  readonly removed?: true;
}

/** Rising by seq, each seq once, at most {@link MAX_BIDS} (the newest). */
export type BidList = readonly BidEntry[];

/** What a page keeps in memory, the newest; what is older belongs to the archive's own pages. */
export const MAX_BIDS = 5_000;

export function bidsOfArchive(bids: readonly ArchivedBid[]): BidEntry[] {
  return bids.map(({ at, ...bid }) => ({ ...bid, atMs: Date.parse(at) }));
}

export function bidsOfEvents(events: readonly PublicEvent[]): BidEntry[] {
  return events.flatMap(({ epoch, seq, at, bid, state, type }) =>
    bid === undefined || (type !== 'bid' && type !== 'bought')
      ? []
      : [
          {
            epoch,
            seq,
            atMs: Date.parse(at),
            ...bid,
            after: { price: state.price, leader: state.leader },
          },
        ],
  );
}

/**
 * Where new epochs began: the first seq that each one wrote. What older epochs wrote from there on
 * was lost by Redis and does not count.
 */
export type Fork = Position;

/**
 * One list out of two. Seqs rise without gaps across epochs, so of two bids with the same seq the
 * higher epoch counts, and a bid of an older epoch at or after a newer one's first seq does not.
 */
export function mergeBids(
  known: BidList,
  more: readonly BidEntry[],
  forks: readonly Fork[] = [],
): BidList {
  if (isNextOnly(known, more, forks)) return [...known, ...more].slice(-MAX_BIDS);
  const byPlace = new Map<string, BidEntry>();
  for (const bid of [...known, ...more]) {
    const place = `${bid.epoch}:${bid.seq}`;
    const before = byPlace.get(place);
    // A live event knows more than the archive: never forget it.
    byPlace.set(place, before?.after === undefined ? bid : before);
  }
  const newestFirst = [...byPlace.values()].toSorted((a, b) => b.epoch - a.epoch || b.seq - a.seq);
  const kept: BidEntry[] = [];
  let firstSeqOfNewer = Infinity;
  for (const bid of newestFirst) {
    for (const fork of forks) {
      if (fork.epoch > bid.epoch) firstSeqOfNewer = Math.min(firstSeqOfNewer, fork.seq);
    }
    const newer = kept.at(-1);
    if (newer !== undefined && newer.epoch > bid.epoch) {
      firstSeqOfNewer = Math.min(firstSeqOfNewer, newer.seq);
    }
    if (bid.seq < firstSeqOfNewer) kept.push(bid);
    if (kept.length === MAX_BIDS) break;
  }
  return kept.toReversed();
}

/** The usual case: one live bid right behind the newest, and no newer epoch to weigh it against. */
function isNextOnly(known: BidList, more: readonly BidEntry[], forks: readonly Fork[]): boolean {
  const last = known.at(-1);
  const [next] = more;
  if (last === undefined || next === undefined || more.length > 1) return false;
  const isBehind = next.epoch === last.epoch && next.seq > last.seq;
  return isBehind && forks.every((fork) => fork.epoch <= next.epoch);
}

/** The list after a bidder was removed. */
export const withoutBidder = (list: BidList, alias: number): BidList =>
  list.map((bid) => (bid.alias === alias ? { ...bid, removed: true } : bid));

/** How many of the newest `wanted` bids are not in the list, of those it could hold. */
export function missingBids(list: BidList, wanted: number): number {
  const counting = list.reduce((sum, { removed }) => (removed ? sum : sum + 1), 0);
  return Math.max(0, Math.min(wanted, MAX_BIDS) - counting);
}
