-- migrate:up

-- The auction that a dead letter's subject names: it is blocked as long as the letter is here.
-- Null when the subject names none.
ALTER TABLE dead_letters
  ADD COLUMN auction_id text CHECK (length(auction_id) BETWEEN 1 AND 64);

UPDATE dead_letters SET auction_id = substring(subject FROM '[^.]*$')
 WHERE substring(subject FROM '[^.]*$') ~ '^[A-Za-z0-9_-]{1,64}$';

CREATE INDEX dead_letters_of_auction ON dead_letters (auction_id);
CREATE INDEX dead_letters_by_age ON dead_letters (seen_at, payload_hash);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
