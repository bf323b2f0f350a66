/** The archive as `npm run verify` reads it. */
import type { PublicState } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { column } from '../adapters/postgres/columns.ts';
import type { Database } from '../adapters/postgres/database.ts';
import type { EventRow } from '../archive/event-row.ts';

type OrNull<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> | null };

type Texts = Pick<EventRow, 'publicText' | 'payloadHash' | 'at'>;
type Columns = Pick<EventRow, 'userId' | 'bidId' | 'alias' | 'amount' | 'fork'>;

/** A row of the archive's events: its bytes, and the columns that repeat what queries need. */
export interface StoredRow extends Position, Texts, OrNull<Columns> {
  readonly type: string;
  /** Null where the private part is gone with an account, and only its hash is left. */
  readonly salt: string | null;
  readonly privateText: string | null;
  /** That hash, 64 hex digits. */
  readonly hidden: string | null;
  /** False for what a later epoch superseded, and for what came after the seal. */
  readonly isHistory: boolean;
}

interface StoredSeal extends Position {
  /** 64 hex digits. */
  readonly head: string;
  readonly links: Uint8Array;
}

/** An auction's own row; of a book there is only the status. */
interface AuctionRow extends Position, OrNull<Omit<PublicState, 'status'>> {
  readonly status: string;
  readonly leaderId: string | null;
  readonly archivedSeq: number;
}

export interface StoredAuction extends AuctionRow {
  readonly seal: StoredSeal | undefined;
}

/** An event that Redis or JetStream holds. */
export type HeldEvent = Pick<EventRow, 'auctionId' | 'epoch' | 'seq' | 'payloadHash'>;

/** Whether Postgres holds an event: as it is, under its place with other content, or not. */
type Holding = 'same' | 'other' | 'kept aside' | 'missing';

/** The next auctions that the archive knows in any table, by id. */
export async function auctionIdsAfter(
  database: Database,
  after: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await database.ask<{ id: string }[]>`
    (SELECT id FROM auctions WHERE id > ${after} ORDER BY id LIMIT ${limit})
     UNION
    (SELECT auction_id FROM epochs WHERE auction_id > ${after} ORDER BY auction_id
      LIMIT ${limit})
     ORDER BY id
     LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Undefined when it has no row. */
export async function storedAuction(
  database: Database,
  auctionId: string,
): Promise<StoredAuction | undefined> {
  const [auction] = await database.ask<AuctionRow[]>`
    SELECT epoch, seq, status, outcome, price, minimum_bid, leader, leader_id, bid_count,
           reserve_met, ends_at, archived_seq
      FROM auctions
     WHERE id = ${auctionId}`;
  const [seal] = await database.ask<StoredSeal[]>`
    SELECT epoch, seq, encode(head, 'hex') AS head, links
      FROM seals
     WHERE auction_id = ${auctionId}`;
  return auction && { ...auction, seal };
}

/** The next rows of an auction, in order, superseded ones included. */
export const rowsAfter = (
  database: Database,
  auctionId: string,
  after: Position,
  limit: number,
): Promise<readonly StoredRow[]> => database.ask<StoredRow[]>`
  SELECT epoch, seq, public AS public_text, salt, private AS private_text,
         encode(hidden, 'hex') AS hidden, encode(payload_hash, 'hex') AS payload_hash, type, at,
         -- A deleted account's, whose name is still in the bytes and is to go.
         CASE WHEN user_id = deleted_user()
              THEN coalesce((SELECT erasures.user_id
                               FROM erasures
                              WHERE erasures.auction_id = events.auction_id
                                AND erasures.user_id = private::jsonb ->> 'userId'), user_id)
              ELSE user_id END AS user_id,
         bid_id, alias, amount, events.fork,
         coalesce(seq > epochs.fork AND seq <= epochs.until_seq, false) AS is_history
    FROM events LEFT JOIN epochs USING (auction_id, epoch)
   WHERE auction_id = ${auctionId} AND (epoch, seq) > (${after.epoch}, ${after.seq})
   ORDER BY epoch, seq
   LIMIT ${limit}`;

/** For each event what is held in its place; `kept aside` is a conflict that is on record. */
export async function holdingsOf(
  database: Database,
  events: readonly HeldEvent[],
): Promise<readonly Holding[]> {
  if (events.length === 0) return [];
  const rows = await database.ask<{ holding: Holding }[]>`
    SELECT CASE WHEN events.payload_hash = decode(given.payload_hash, 'hex') THEN 'same'
                WHEN conflicts.seq IS NOT NULL THEN 'kept aside'
                WHEN events.seq IS NULL THEN 'missing'
                ELSE 'other' END AS holding
      FROM unnest(
        string_to_array(${column(events, (event) => event.auctionId)}, E'\n'),
        string_to_array(${column(events, (event) => event.epoch)}, E'\n')::bigint[],
        string_to_array(${column(events, (event) => event.seq)}, E'\n')::bigint[],
        string_to_array(${column(events, (event) => event.payloadHash)}, E'\n')
      ) WITH ORDINALITY AS given (auction_id, epoch, seq, payload_hash, n)
      LEFT JOIN events USING (auction_id, epoch, seq)
      LEFT JOIN conflicts
        ON (conflicts.auction_id, conflicts.epoch, conflicts.seq, conflicts.payload_hash)
         = (given.auction_id, given.epoch, given.seq, decode(given.payload_hash, 'hex'))
     ORDER BY n`;
  return rows.map(({ holding }) => holding);
}

/** Whether this message is kept as one that can never be stored. @param payloadHash sha256, hex */
export async function isDeadLetter(database: Database, payloadHash: string): Promise<boolean> {
  const rows = await database.ask`
    SELECT FROM dead_letters WHERE payload_hash = decode(${payloadHash}, 'hex')
     UNION ALL
    SELECT FROM discarded_letters WHERE payload_hash = decode(${payloadHash}, 'hex')`;
  return rows.length > 0;
}
