/** Compares what bidders were told, what Redis's log said and what Postgres holds; pure. */
import type { ArchivedEvent } from './archived-events.ts';
import type { AcceptedBid, SentBid } from './ledger.ts';
import type { RedisHead } from '../redis-heads.ts';
import type { SeenEvents } from './log-watcher.ts';

export interface Evidence {
  readonly accepted: readonly AcceptedBid[];
  /** Bidders were told that nothing was changed by these. */
  readonly refused: readonly SentBid[];
  /** Every event as it stood in Redis's log. */
  readonly seen: SeenEvents;
  /** The auctions' heads in Redis, when nobody bids any more. */
  readonly heads: ReadonlyMap<string, Pick<RedisHead, 'epoch' | 'seq'>>;
  readonly archived: readonly ArchivedEvent[];
}

/** One line for each thing that is wrong. */
export interface Reconciled {
  readonly lost: readonly string[];
  readonly duplicate: readonly string[];
  readonly altered: readonly string[];
}

export function reconcile({ accepted, refused, seen, heads, archived }: Evidence): Reconciled {
  const lost: string[] = [];
  const duplicate: string[] = [];
  const altered: string[] = [];

  const rows = new Map<string, ArchivedEvent>();
  const commands = new Set<string>();
  for (const event of archived) {
    const place = placeOf(event.auctionId, event.seq);
    if (rows.has(place)) duplicate.push(`${place} is there twice`);
    rows.set(place, event);
    if (event.seq > (heads.get(event.auctionId)?.seq ?? 0)) {
      duplicate.push(`${place} is above what Redis has`);
    }
    for (const name of [event.bidId && `bid ${event.bidId}`, commandOf(event)]) {
      if (name === null || name === '') continue;
      if (commands.has(name)) duplicate.push(`${name} has more than one event, one is ${place}`);
      commands.add(name);
    }
    if (event.lineHash !== event.statedHash) altered.push(`${place} does not have its own hash`);
  }

  for (const [auctionId, { seq: newest }] of heads) {
    for (let seq = 1; seq <= newest; seq += 1) {
      const place = placeOf(auctionId, seq);
      const row = rows.get(place);
      const event = seen.get(auctionId)?.get(seq);
      if (row === undefined) lost.push(`${place} is not in Postgres`);
      if (event === undefined) lost.push(`${place} was never seen in Redis's log`);
      if (row === undefined || event === undefined) continue;
      if (row.epoch !== event.epoch || row.lineHash !== event.lineHash) {
        altered.push(`${place} differs from what Redis's log had`);
      }
    }
  }

  for (const bid of accepted) {
    const { receipt } = bid;
    const place = placeOf(bid.auctionId, receipt.seq);
    const row = rows.get(place);
    if (row === undefined || row.bidId !== receipt.bidId || row.epoch !== receipt.epoch) {
      lost.push(`bid ${receipt.bidId}, accepted as ${place}, is not there`);
    } else if (
      row.userId !== bid.userId ||
      row.key !== bid.key ||
      row.alias !== receipt.bidder ||
      row.price !== receipt.price
    ) {
      altered.push(`${place} is not what the bidder of ${receipt.bidId} was told`);
    }
  }
  for (const bid of refused) {
    if (commands.has(commandOf(bid) ?? '')) altered.push(`${bid.key} was refused and is there`);
  }
  return { lost, duplicate, altered };
}

const placeOf = (auctionId: string, seq: number): string => `${auctionId} seq ${seq}`;

const commandOf = ({
  auctionId,
  userId,
  key,
}: Pick<ArchivedEvent, 'auctionId' | 'userId' | 'key'>): string | null =>
  key === null ? null : `command ${auctionId} ${userId} ${key}`;
