import type { EpochFork } from '../../archive/batch.ts';
import type { EventRow, TermsOfAuction } from '../../archive/event-row.ts';
import { column } from './columns.ts';
import type { Tx } from './database.ts';
import { searchText } from './search.ts';

/** Moves auctions up to the state after these events, and locks their rows until the commit. */
export async function raiseStates(tx: Tx, newest: readonly EventRow[]): Promise<void> {
  if (newest.length === 0) return;
  await tx`
    INSERT INTO auctions (id, epoch, seq, status, outcome, price, minimum_bid, leader, leader_id,
                          bid_count, reserve_met, ends_at, changed_at)
    SELECT *
      FROM unnest(
        string_to_array(${column(newest, (row) => row.auctionId)}, E'\n'),
        string_to_array(${column(newest, (row) => row.epoch)}, E'\n')::bigint[],
        string_to_array(${column(newest, (row) => row.seq)}, E'\n')::bigint[],
        string_to_array(${column(newest, (row) => row.state.status)}, E'\n'),
        string_to_array(${column(newest, (row) => row.state.outcome)}, E'\n', ''),
        string_to_array(${column(newest, (row) => row.state.price)}, E'\n', '')::bigint[],
        string_to_array(${column(newest, (row) => row.state.minimumBid)}, E'\n', '')::bigint[],
        string_to_array(${column(newest, (row) => row.state.leader)}, E'\n', '')::integer[],
        string_to_array(${column(newest, (row) => row.state.leaderId)}, E'\n', ''),
        string_to_array(${column(newest, (row) => row.state.bidCount)}, E'\n', '')::bigint[],
        string_to_array(${column(newest, (row) => row.state.reserveMet?.toString())}, E'\n', '')::boolean[],
        string_to_array(${column(newest, (row) => row.state.endsAt)}, E'\n', '')::timestamptz[],
        string_to_array(${column(newest, (row) => row.at)}, E'\n')::timestamptz[]
      )
    ON CONFLICT (id) DO UPDATE
       SET epoch = EXCLUDED.epoch, seq = EXCLUDED.seq, status = EXCLUDED.status,
           outcome = EXCLUDED.outcome, price = EXCLUDED.price,
           minimum_bid = EXCLUDED.minimum_bid, leader = EXCLUDED.leader,
           leader_id = EXCLUDED.leader_id, bid_count = EXCLUDED.bid_count,
           reserve_met = EXCLUDED.reserve_met, ends_at = EXCLUDED.ends_at,
           changed_at = EXCLUDED.changed_at
     WHERE (EXCLUDED.epoch, EXCLUDED.seq) > (auctions.epoch, auctions.seq)`;
}

/** Items that first events bring along; an item can be in several auctions. */
export async function addItems(tx: Tx, created: readonly EventRow[]): Promise<void> {
  if (created.length === 0) return;
  const items = new Map(termsOf(created).map(({ terms }) => [terms.itemId, terms]));
  const sorted = [...items.values()]
    .toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1))
    .map((terms) => Object.assign({ search: searchText(terms) }, terms));
  // Titles may hold anything, so they go as JSON; there is one for many events.
  await tx`
    INSERT INTO items (id, seller_id, title, description, image_url, search)
    SELECT "itemId", "sellerId", title, description, "imageUrl",
           array_to_tsvector(string_to_array(search, E'\n'))
      FROM jsonb_to_recordset(${JSON.stringify(sorted)}::text::jsonb)
        AS given ("itemId" text, "sellerId" text, title text, description text, "imageUrl" text,
                  search text)
    ON CONFLICT (id) DO NOTHING`;
}

/** Gives auctions the terms of their first event. Their rows and items must be there. */
export async function addTerms(tx: Tx, created: readonly EventRow[]): Promise<void> {
  if (created.length === 0) return;
  const rows = termsOf(created);
  await tx`
    UPDATE auctions
       SET item_id = given.item_id, seller_id = given.seller_id, currency = given.currency,
           start_price = given.start_price, buy_now_price = given.buy_now_price,
           starts_at = given.starts_at, created_at = given.created_at,
           sale_id = given.sale_id, lot = given.lot
      FROM unnest(
        string_to_array(${column(rows, (row) => row.auctionId)}, E'\n'),
        string_to_array(${column(rows, ({ terms }) => terms.itemId)}, E'\n'),
        string_to_array(${column(rows, ({ terms }) => terms.sellerId)}, E'\n'),
        string_to_array(${column(rows, ({ terms }) => terms.currency)}, E'\n'),
        string_to_array(${column(rows, ({ terms }) => terms.startPrice)}, E'\n')::bigint[],
        string_to_array(${column(rows, buyNowPrice)}, E'\n', '')::bigint[],
        string_to_array(${column(rows, startsAt)}, E'\n')::timestamptz[],
        string_to_array(${column(rows, (row) => row.at)}, E'\n')::timestamptz[],
        string_to_array(${column(rows, ({ terms }) => terms.saleId)}, E'\n', ''),
        string_to_array(${column(rows, ({ terms }) => terms.lot)}, E'\n', '')::integer[]
      ) AS given (id, item_id, seller_id, currency, start_price, buy_now_price, starts_at,
                  created_at, sale_id, lot)
     WHERE auctions.id = given.id`;
}

/** Adds epochs, and draws anew what is history of their auctions. Their rows must be locked. */
export async function addForks(tx: Tx, forks: readonly EpochFork[]): Promise<void> {
  if (forks.length === 0) return;
  const added = tx`
    INSERT INTO epochs (auction_id, epoch, parent, fork)
    SELECT *
      FROM unnest(
        string_to_array(${column(forks, (fork) => fork.auctionId)}, E'\n'),
        string_to_array(${column(forks, (fork) => fork.epoch)}, E'\n')::bigint[],
        string_to_array(${column(forks, (fork) => fork.parent)}, E'\n', '')::bigint[],
        string_to_array(${column(forks, (fork) => fork.fork)}, E'\n')::bigint[]
      )
    ON CONFLICT (auction_id, epoch) DO NOTHING`;
  const traced = tx`
    SELECT trace_histories(string_to_array(${column(forks, (fork) => fork.auctionId)}, E'\n'))`;
  await Promise.all([added, traced]);
}

interface Created {
  readonly auctionId: string;
  readonly at: string;
  readonly terms: TermsOfAuction;
}

const termsOf = (created: readonly EventRow[]): Created[] =>
  created.flatMap(({ auctionId, at, terms }) =>
    terms === undefined ? [] : [{ auctionId, at, terms }],
  );

const buyNowPrice = ({ terms }: Created): number | undefined =>
  terms.buyNowPrice === 0 ? undefined : terms.buyNowPrice;

const startsAt = ({ terms }: Created): string => new Date(terms.startsAt).toISOString();
