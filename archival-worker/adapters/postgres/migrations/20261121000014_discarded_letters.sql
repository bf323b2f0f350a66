-- migrate:up

-- Dead letters that somebody looked at and judged to be no event of ours: kept, with that judgement.
-- The same message can be discarded more than once: it may be published again.
CREATE TABLE discarded_letters (
  payload_hash bytea       NOT NULL CHECK (octet_length(payload_hash) = 32),
  subject      text        NOT NULL,
  auction_id   text        CHECK (length(auction_id) BETWEEN 1 AND 64),
  payload      bytea       NOT NULL,
  reason       text        NOT NULL,
  seen_at      timestamptz NOT NULL,
  discarded_at timestamptz NOT NULL DEFAULT now(),
  discarded_by text        NOT NULL CHECK (discarded_by <> ''),
  why          text        NOT NULL CHECK (why <> ''),
  PRIMARY KEY (payload_hash, subject, seen_at)
);

CREATE INDEX discarded_letters_by_age ON discarded_letters (discarded_at);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
