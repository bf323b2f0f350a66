-- migrate:up

-- What users are told follows from the archive; kept is only what they have read of it, and up to when.
CREATE TABLE read_notices (
  user_id    text        NOT NULL CHECK (length(user_id) BETWEEN 1 AND 64),
  auction_id text        NOT NULL CHECK (length(auction_id) BETWEEN 1 AND 64),
  type       text        NOT NULL CHECK (type IN ('outbid', 'won', 'ending')),
  -- What happened later is not read.
  up_to      timestamptz NOT NULL,
  PRIMARY KEY (user_id, auction_id, type)
);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
