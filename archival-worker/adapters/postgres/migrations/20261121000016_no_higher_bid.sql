-- migrate:up

-- At the highest amount nobody can bid more: there is no minimum bid then.
ALTER TABLE auctions ALTER COLUMN minimum_bid DROP NOT NULL;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
