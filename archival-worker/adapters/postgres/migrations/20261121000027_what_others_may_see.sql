-- migrate:up

-- In which order auctions ended: what everybody may see counts them by twenties.
CREATE INDEX auctions_by_their_end ON auctions (changed_at, id)
  WHERE status IN ('ended', 'cancelled');

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
