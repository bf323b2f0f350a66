-- migrate:up

-- What a seller has sold, and what not: a list of one seller's needs no walk over everybody's.
CREATE INDEX auctions_over_by_seller ON auctions (seller_id, changed_at, id)
  WHERE status IN ('ended', 'cancelled') AND created_at IS NOT NULL;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
