import { compareEvents, type EventRow } from '../../archive/event-row.ts';
import type { InsertedEvents } from '../../archive/ports.ts';
import { column, places } from './columns.ts';
import type { Tx } from './database.ts';

/** Stores events; tells those that are new from those whose place holds something else. */
export async function insertEvents(tx: Tx, events: readonly EventRow[]): Promise<InsertedEvents> {
  if (events.length === 0) return { fresh: [], conflicting: [] };
  const [auctionIds, epochs, seqs] = places(events);
  const inserted = await tx<Place[]>`
    INSERT INTO events (auction_id, epoch, seq, type, at, public, salt, private, payload_hash,
                        user_id, bid_id, alias, amount, fork)
    SELECT auction_id, epoch, seq, type, at, public, salt, private, decode(payload_hash, 'hex'),
           user_id, bid_id, alias, amount, fork
      FROM unnest(
        string_to_array(${auctionIds}, E'\n'),
        string_to_array(${epochs}, E'\n')::bigint[],
        string_to_array(${seqs}, E'\n')::bigint[],
        string_to_array(${column(events, (row) => row.type)}, E'\n'),
        string_to_array(${column(events, (row) => row.at)}, E'\n')::timestamptz[],
        string_to_array(${column(events, (row) => row.publicText)}, E'\n'),
        string_to_array(${column(events, (row) => row.salt)}, E'\n'),
        string_to_array(${column(events, (row) => row.privateText)}, E'\n'),
        string_to_array(${column(events, (row) => row.payloadHash)}, E'\n'),
        string_to_array(${column(events, (row) => row.userId)}, E'\n', ''),
        string_to_array(${column(events, (row) => row.bidId)}, E'\n', ''),
        string_to_array(${column(events, (row) => row.alias)}, E'\n', '')::integer[],
        string_to_array(${column(events, (row) => row.amount)}, E'\n', '')::bigint[],
        string_to_array(${column(events, (row) => row.fork)}, E'\n', '')::bigint[]
      ) AS given (auction_id, epoch, seq, type, at, public, salt, private, payload_hash,
                  user_id, bid_id, alias, amount, fork)
    ON CONFLICT (auction_id, epoch, seq) DO NOTHING
    RETURNING auction_id, epoch, seq`;
  if (inserted.length === events.length) return { fresh: events, conflicting: [] };

  const isNew = new Set(inserted.map((row) => `${row.auction_id}:${row.epoch}:${row.seq}`));
  const fresh = events.filter((row) => isNew.has(keyOf(row)));
  const known = events.filter((row) => !isNew.has(keyOf(row)));
  return { fresh, conflicting: await conflictingEvents(tx, known) };
}

const keyOf = (row: EventRow): string => `${row.auctionId}:${row.epoch}:${row.seq}`;

interface Place {
  readonly auction_id: string;
  readonly epoch: number;
  readonly seq: number;
}

/** Those of the events whose place holds other content. */
async function conflictingEvents(tx: Tx, known: readonly EventRow[]): Promise<EventRow[]> {
  const [auctionIds, epochs, seqs] = places(known);
  const differing = await tx<{ n: number }[]>`
    SELECT n
      FROM unnest(
        string_to_array(${auctionIds}, E'\n'),
        string_to_array(${epochs}, E'\n')::bigint[],
        string_to_array(${seqs}, E'\n')::bigint[],
        string_to_array(${column(known, (row) => row.payloadHash)}, E'\n')
      ) WITH ORDINALITY AS given (auction_id, epoch, seq, payload_hash, n)
      JOIN events USING (auction_id, epoch, seq)
     WHERE events.payload_hash <> decode(given.payload_hash, 'hex')
     ORDER BY n`;
  return differing.flatMap(({ n }) => known[n - 1] ?? []);
}

/** Keeps events that lost their place to another one. */
export async function keepConflicts(tx: Tx, events: readonly EventRow[]): Promise<void> {
  if (events.length === 0) return;
  const sorted = events.toSorted(compareEvents);
  const [auctionIds, epochs, seqs] = places(sorted);
  await tx`
    INSERT INTO conflicts (auction_id, epoch, seq, payload_hash, line)
    SELECT auction_id, epoch, seq, decode(payload_hash, 'hex'), line
      FROM unnest(
        string_to_array(${auctionIds}, E'\n'),
        string_to_array(${epochs}, E'\n')::bigint[],
        string_to_array(${seqs}, E'\n')::bigint[],
        string_to_array(${column(sorted, (row) => row.payloadHash)}, E'\n'),
        string_to_array(${column(sorted, (row) => row.line)}, E'\n')
      ) AS given (auction_id, epoch, seq, payload_hash, line)
    ON CONFLICT DO NOTHING`;
}
