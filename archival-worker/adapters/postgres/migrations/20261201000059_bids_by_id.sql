-- migrate:up

-- Admins find a bid by the id that its bidder was told. Ids are random: a hash index is half as large
-- as a tree, and keeps no row without one.
CREATE INDEX events_by_bid ON events USING hash (bid_id);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
