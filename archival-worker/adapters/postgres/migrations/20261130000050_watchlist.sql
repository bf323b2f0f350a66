-- migrate:up

-- Auctions that users have saved. One may not be archived yet: an auction is saved at once.
CREATE TABLE watchlist (
  user_id    text        NOT NULL CHECK (length(user_id) BETWEEN 1 AND 64),
  auction_id text        NOT NULL CHECK (length(auction_id) BETWEEN 1 AND 64),
  -- To the millisecond, as cursors have it.
  saved_at   timestamptz NOT NULL DEFAULT date_trunc('milliseconds', now()),
  PRIMARY KEY (user_id, auction_id)
);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
