import { compareEvents, type EventRow } from '../../archive/event-row.ts';
import { column, places } from './columns.ts';
import type { Tx } from './database.ts';

/** What became of the events of an insert, all in lock order. */
interface InsertedEvents {
  readonly fresh: readonly EventRow[];
  /** Their place holds other content; they were not stored. */
  readonly conflicting: readonly EventRow[];
}

/** Stores events; tells those that are new from those whose place holds something else. */
export async function insertEvents(tx: Tx, events: readonly EventRow[]): Promise<InsertedEvents> {
  if (events.length === 0) return { fresh: [], conflicting: [] };
  const [auctionIds, epochs, seqs] = places(events);
  // `unnest` in the select list gives row by row; in FROM it would first write every column to a
  // table of its own.
  const { count } = await tx`
    INSERT INTO events (auction_id, epoch, seq, type, at, public, salt, private, payload_hash,
                        user_id, bid_id, alias, amount, fork)
    SELECT unnest(string_to_array(${auctionIds}, E'\n')),
           unnest(string_to_array(${epochs}, E'\n')::bigint[]),
           unnest(string_to_array(${seqs}, E'\n')::bigint[]),
           unnest(string_to_array(${column(events, (row) => row.type)}, E'\n')),
           unnest(string_to_array(${column(events, (row) => row.at)}, E'\n')::timestamptz[]),
           unnest(string_to_array(${column(events, (row) => row.publicText)}, E'\n')),
           unnest(string_to_array(${column(events, (row) => row.salt)}, E'\n')),
           unnest(string_to_array(${column(events, (row) => row.privateText)}, E'\n')),
           decode(
             unnest(string_to_array(${column(events, (row) => row.payloadHash)}, E'\n')), 'hex'),
           unnest(string_to_array(${column(events, (row) => row.userId)}, E'\n', '')),
           unnest(string_to_array(${column(events, (row) => row.bidId)}, E'\n', '')),
           unnest(string_to_array(${column(events, (row) => row.alias)}, E'\n', '')::integer[]),
           unnest(string_to_array(${column(events, (row) => row.amount)}, E'\n', '')::bigint[]),
           unnest(string_to_array(${column(events, (row) => row.fork)}, E'\n', '')::bigint[])
    ON CONFLICT (auction_id, epoch, seq) DO NOTHING`;
  return count === events.length ? { fresh: events, conflicting: [] } : sortedOut(tx, events);
}

/** Which of the events this transaction has stored, and which ones found their place taken. */
async function sortedOut(tx: Tx, events: readonly EventRow[]): Promise<InsertedEvents> {
  const [auctionIds, epochs, seqs] = places(events);
  const found = await tx<Found[]>`
    SELECT n, events.xmin = pg_current_xact_id()::xid AS fresh,
           events.payload_hash <> decode(given.payload_hash, 'hex') AS differs
      FROM unnest(
        string_to_array(${auctionIds}, E'\n'),
        string_to_array(${epochs}, E'\n')::bigint[],
        string_to_array(${seqs}, E'\n')::bigint[],
        string_to_array(${column(events, (row) => row.payloadHash)}, E'\n')
      ) WITH ORDINALITY AS given (auction_id, epoch, seq, payload_hash, n)
      JOIN events USING (auction_id, epoch, seq)
     ORDER BY n`;
  const those = (are: (row: Found) => boolean): EventRow[] =>
    found.filter(are).flatMap(({ n }) => events[n - 1] ?? []);
  return { fresh: those(({ fresh }) => fresh), conflicting: those(({ differs }) => differs) };
}

/** What lies in the place of event `n`, counted from 1. */
interface Found {
  readonly n: number;
  readonly fresh: boolean;
  readonly differs: boolean;
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
