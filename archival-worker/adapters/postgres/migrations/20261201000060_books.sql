-- migrate:up

-- Books (shared/contracts/books.ts): the logs of sales, `s…`, and of absentee bids, `b…`. A book is stored,
-- sealed and forgotten like an auction, so it has its rows in the same tables: `events`, `epochs`,
-- `auctions` for its place, archived prefix and seal, `seals`. What an auction's row says of bids
-- and prices a book has not: it has neither terms nor an item, hence is in no list, and no price, which
-- is how a book is told from an auction. A table of their own for places and prefixes would need
-- every statement about these a second time.
ALTER TABLE auctions
  ALTER COLUMN price DROP NOT NULL,
  ALTER COLUMN bid_count DROP NOT NULL,
  ALTER COLUMN reserve_met DROP NOT NULL,
  ALTER COLUMN ends_at DROP NOT NULL,
  -- Of a lot: its sale, and its number there.
  ADD COLUMN sale_id text CHECK (length(sale_id) BETWEEN 1 AND 64),
  ADD COLUMN lot integer CHECK (lot >= 1),
  ADD CONSTRAINT a_lot_has_a_sale CHECK (num_nulls(sale_id, lot) <> 1) NOT VALID,
  -- The new checks are not made on the rows that are there: they held stricter ones.
  ADD CONSTRAINT books_have_only_a_status
    CHECK (num_nulls(price, bid_count, reserve_met, ends_at)
             = CASE WHEN left(id, 1) IN ('b', 's') THEN 4 ELSE 0 END
           AND (price IS NOT NULL OR num_nonnulls(created_at, outcome, leader, minimum_bid) = 0))
    NOT VALID,
  DROP CONSTRAINT ended_has_an_outcome,
  ADD CONSTRAINT ended_has_an_outcome
    CHECK (price IS NULL OR (status = 'ended') = (outcome IS NOT NULL)) NOT VALID,
  -- Bids without a leader: where a bidder was removed, others can be passed over because of their limits.
  DROP CONSTRAINT leader_has_bid,
  ADD CONSTRAINT leader_has_bid CHECK (leader IS NULL OR bid_count > 0) NOT VALID;

CREATE INDEX auctions_by_sale ON auctions (sale_id, lot) WHERE sale_id IS NOT NULL;

-- What everybody may see counts auctions by twenties as they end: books are none.
CREATE INDEX auctions_without_books_by_end ON auctions (changed_at, id)
  WHERE status IN ('ended', 'cancelled') AND price IS NOT NULL;
DROP INDEX auctions_by_their_end;

ALTER TABLE events
  DROP CONSTRAINT events_type_check,
  ADD CONSTRAINT events_type_check
    CHECK (type IN ('scheduled', 'started', 'bid', 'no_change', 'bought', 'extended', 'paused', 'resumed',
                    'removed', 'ended', 'cancelled', 'epoch', 'edited', 'registered', 'admitted', 'left',
                    'withdrawn', 'closed')) NOT VALID,
  -- Absentee bids begin with the first one that was left.
  DROP CONSTRAINT scheduled_comes_first,
  ADD CONSTRAINT scheduled_comes_first
    CHECK (CASE WHEN left(auction_id, 1) = 'b' THEN seq > 1 OR type = 'left'
                ELSE (type = 'scheduled') = (seq = 1) END) NOT VALID,
  DROP CONSTRAINT commands_name_their_user,
  ADD CONSTRAINT commands_name_their_user
    CHECK (CASE WHEN type IN ('started', 'ended', 'closed', 'epoch') THEN user_id IS NULL
                ELSE user_id IS NOT NULL OR type = 'extended' END) NOT VALID,
  -- `alias` is a bidder's number: in a sale the paddle.
  DROP CONSTRAINT bids_name_their_bidder,
  ADD CONSTRAINT bids_name_their_bidder
    CHECK (CASE WHEN type IN ('bid', 'no_change', 'bought') THEN num_nulls(bid_id, alias) = 0
                WHEN type IN ('removed', 'registered', 'admitted')
                THEN bid_id IS NULL AND alias IS NOT NULL
                WHEN type = 'left' THEN bid_id IS NOT NULL AND alias IS NULL
                ELSE num_nonnulls(bid_id, alias) = 0 END) NOT VALID;

-- Who did something that only books tell; see events_by_manager for the rest.
CREATE INDEX events_by_user_of_book ON events (user_id)
  WHERE type IN ('edited', 'registered', 'admitted', 'left', 'withdrawn');

-- What a sale's book says of it, as far as it is history: adapters/postgres/sales.ts. Its status is in `auctions`.
CREATE TABLE sales (
  id         text        PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  seller_id  text        NOT NULL CHECK (length(seller_id) BETWEEN 1 AND 64),
  title      text        NOT NULL,
  -- As in the API, without id and seller.
  terms      jsonb       NOT NULL,
  created_at timestamptz NOT NULL,
  -- The event that the terms are from.
  epoch      bigint      NOT NULL,
  seq        bigint      NOT NULL
);

CREATE INDEX sales_newest ON sales (created_at DESC, id DESC);
CREATE INDEX sales_newest_by_seller ON sales (seller_id, created_at DESC, id DESC);

CREATE TABLE registrations (
  sale_id   text    NOT NULL CHECK (length(sale_id) BETWEEN 1 AND 64),
  paddle    integer NOT NULL CHECK (paddle >= 1),
  user_id   text    NOT NULL CHECK (length(user_id) BETWEEN 1 AND 64),
  status    text    NOT NULL CHECK (status IN ('pending', 'approved', 'refused', 'blocked')),
  -- What the bidder may owe in the sale, minor units; 0 for no limit.
  bid_limit bigint  NOT NULL CHECK (bid_limit >= 0),
  -- The event that says so.
  epoch     bigint  NOT NULL,
  seq       bigint  NOT NULL,
  PRIMARY KEY (sale_id, paddle)
);

CREATE INDEX registrations_by_user ON registrations (user_id);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
