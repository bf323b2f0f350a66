-- migrate:up

-- Auctions that are over are many, and change no more: their lists are read from indexes. Open ones
-- are in none of these, so that a bid costs nothing more to archive.
CREATE INDEX auctions_over_by_end ON auctions (status, changed_at, id)
  WHERE status IN ('ended', 'cancelled') AND created_at IS NOT NULL;
CREATE INDEX auctions_over_by_bids ON auctions (status, bid_count, id)
  WHERE status IN ('ended', 'cancelled') AND created_at IS NOT NULL;
CREATE INDEX auctions_over_by_price ON auctions (status, currency, price, id)
  WHERE status IN ('ended', 'cancelled') AND created_at IS NOT NULL;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
