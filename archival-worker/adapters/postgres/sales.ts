/**
 * What books tell of sales, kept in the transaction that stores the events: the terms, and who is
 * registered. Only history counts, and a row moves on to a later event alone. A sale that gets an
 * epoch, the first one included, is drawn anew, as statistics are.
 */
import { isSaleBook } from '@outcry/shared/domain/ids.ts';
import type { EpochFork } from '../../archive/batch.ts';
import { decodeEntry } from '../../archive/decode-entry.ts';
import type { EventRow } from '../../archive/event-row.ts';
import { column } from './columns.ts';
import { sql, type Tx } from './database.ts';

/** @param told events that are history, in lock order; their rows in `auctions` must be locked */
export async function addToSales(tx: Tx, told: readonly EventRow[]): Promise<void> {
  const sales = told.flatMap(termsOf);
  if (sales.length > 0) await moveTerms(tx, sales);
  const registered = told.filter(({ registration }) => registration !== undefined);
  const newest = new Map(
    registered.map((row) => [`${row.auctionId} ${row.registration?.paddle}`, row]),
  );
  if (newest.size > 0) await moveRegistrations(tx, [...newest.values()]);
}

/** Draws sales anew that got an epoch: what it superseded is told no more, and what waited for it is. */
export async function drawSalesAnew(tx: Tx, forks: readonly EpochFork[]): Promise<void> {
  const forked = new Set(forks.map(({ auctionId }) => auctionId).filter(isSaleBook));
  if (forked.size === 0) return;
  const open = await tx<{ id: string }[]>`
    SELECT id FROM auctions
     WHERE id = ANY (string_to_array(${[...forked].join('\n')}, E'\n')) AND sealed_at IS NULL
     ORDER BY id`;
  const ids = open.map(({ id }) => id).join('\n');
  const [terms] = await Promise.all([
    // Titles may hold what Postgres's JSON cannot.
    tx<StoredTerms[]>`
      SELECT DISTINCT ON (auction_id) auction_id, public, salt, private,
             (SELECT at FROM events AS first
               WHERE (first.auction_id, first.epoch, first.seq) = (history_events.auction_id, 1, 1))
               AS created_at
        FROM history_events
       WHERE auction_id = ANY (string_to_array(${ids}, E'\n')) AND type IN ('scheduled', 'edited')
       ORDER BY auction_id, epoch DESC, seq DESC`,
    tx`
      DELETE FROM registrations WHERE sale_id = ANY (string_to_array(${ids}, E'\n'))`,
    tx`
      INSERT INTO registrations (sale_id, paddle, user_id, status, bid_limit, epoch, seq)
      ${redrawnRegistrations(open.map(({ id }) => id))}`,
  ]);
  const drawn = terms.flatMap(({ createdAt, ...stored }) =>
    decodeEntry(`archive.${stored.auctionId}`, Buffer.from(lineOf(stored)))
      .flatMap(termsOf)
      .map((row) => Object.assign(row, { createdAt })),
  );
  await tx`
    INSERT INTO sales (id, seller_id, title, terms, created_at, epoch, seq)
    SELECT "saleId", "sellerId", title, terms, "createdAt", epoch, seq
      FROM jsonb_to_recordset(${JSON.stringify(drawn)}::text::jsonb)
        AS given ("saleId" text, "sellerId" text, title text, terms jsonb, "createdAt" timestamptz,
                  epoch bigint, seq bigint)
    ON CONFLICT (id) DO UPDATE
       SET title = EXCLUDED.title, terms = EXCLUDED.terms, epoch = EXCLUDED.epoch, seq = EXCLUDED.seq`;
}

/** What `registrations` must hold of these sales, from the stored events. */
export const redrawnRegistrations = (saleIds: readonly string[]) => sql`
  WITH told AS (
    SELECT auction_id, alias, type, user_id, private, epoch, seq
      FROM history_events
     WHERE auction_id = ANY (string_to_array(${saleIds.join('\n')}, E'\n'))
       AND type IN ('registered', 'admitted')
  ),
  owners AS (
    -- Of a deleted account the column says so, the bytes still name it.
    SELECT auction_id, alias, min(user_id) AS user_id
      FROM told WHERE type = 'registered' GROUP BY auction_id, alias
  )
  SELECT DISTINCT ON (auction_id, alias)
         auction_id AS sale_id, alias AS paddle,
         coalesce(owners.user_id, private::jsonb ->> 'bidder') AS user_id,
         private::jsonb ->> 'status' AS status, (private::jsonb ->> 'limit')::bigint AS bid_limit,
         epoch, seq
    FROM told LEFT JOIN owners USING (auction_id, alias)
   ORDER BY auction_id, alias, epoch DESC, seq DESC`;

async function moveTerms(tx: Tx, sales: readonly TermsRow[]): Promise<void> {
  // Several of one sale: its row takes the last.
  const newest = [...new Map(sales.map((row) => [row.saleId, row])).values()];
  await tx`
    UPDATE sales
       SET title = given.title, terms = given.terms, epoch = given.epoch, seq = given.seq
      FROM jsonb_to_recordset(${JSON.stringify(newest)}::text::jsonb)
        AS given ("saleId" text, title text, terms jsonb, epoch bigint, seq bigint)
     WHERE sales.id = given."saleId" AND (given.epoch, given.seq) > (sales.epoch, sales.seq)`;
}

async function moveRegistrations(tx: Tx, rows: readonly EventRow[]): Promise<void> {
  // Whose it is stays: it may be a deleted account's by now.
  await tx`
    INSERT INTO registrations (sale_id, paddle, user_id, status, bid_limit, epoch, seq)
    SELECT *
      FROM unnest(
        string_to_array(${column(rows, (row) => row.auctionId)}, E'\n'),
        string_to_array(${column(rows, (row) => row.registration?.paddle)}, E'\n')::integer[],
        string_to_array(${column(rows, (row) => row.registration?.bidderId)}, E'\n'),
        string_to_array(${column(rows, (row) => row.registration?.status)}, E'\n'),
        string_to_array(${column(rows, (row) => row.registration?.limit)}, E'\n')::bigint[],
        string_to_array(${column(rows, (row) => row.epoch)}, E'\n')::bigint[],
        string_to_array(${column(rows, (row) => row.seq)}, E'\n')::bigint[]
      )
    ON CONFLICT (sale_id, paddle) DO UPDATE
       SET status = EXCLUDED.status, bid_limit = EXCLUDED.bid_limit, epoch = EXCLUDED.epoch,
           seq = EXCLUDED.seq
     WHERE (EXCLUDED.epoch, EXCLUDED.seq) > (registrations.epoch, registrations.seq)`;
}

interface StoredTerms {
  readonly auctionId: string;
  readonly public: string;
  readonly salt: string;
  readonly private: string;
  readonly createdAt: string;
}

type TermsRow = ReturnType<typeof termsOf>[number];

const lineOf = (row: Omit<StoredTerms, 'createdAt'>): string =>
  `{"v":1,"auctionId":"${row.auctionId}","public":${row.public},"salt":"${row.salt}","private":${row.private}}`;

/** A row of `sales`, where the event says its terms. */
function termsOf({ auctionId, sale, epoch, seq }: EventRow) {
  if (sale === undefined) return [];
  const { id: _, sellerId, ...terms } = sale;
  return [{ saleId: auctionId, sellerId, title: sale.title, terms, epoch, seq }];
}
