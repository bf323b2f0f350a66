-- migrate:up

-- The same bytes under two subjects are two letters: each blocks an auction of its own.
ALTER TABLE dead_letters
  DROP CONSTRAINT dead_letters_pkey,
  ADD PRIMARY KEY (payload_hash, subject);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
