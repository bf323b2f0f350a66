-- migrate:up

-- Search over titles: whole words or their beginnings, in any language.
CREATE INDEX items_by_title ON items USING gin (to_tsvector('simple', title));

CREATE INDEX auctions_newest_by_seller ON auctions (seller_id, created_at DESC, id DESC)
  WHERE created_at IS NOT NULL;

-- A user's own bids, newest first.
CREATE INDEX events_by_bidder ON events (user_id, at, auction_id, epoch, seq)
  WHERE type IN ('bid', 'no_change', 'bought');

-- Names that users chose for the leaderboard.
CREATE TABLE display_names (
  user_id    text        PRIMARY KEY CHECK (length(user_id) BETWEEN 1 AND 64),
  name       text        NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- Nobody can take the name of another one by writing it in capitals.
CREATE UNIQUE INDEX display_names_differ ON display_names (lower(name));

-- Users without a name are shown by a number made from their id and this secret: without it,
-- somebody who knows user ids could find out which of them a shown number stands for.
CREATE TABLE label_secret (
  the_only_row boolean PRIMARY KEY DEFAULT true CHECK (the_only_row),
  secret       text    NOT NULL DEFAULT gen_random_uuid()::text || gen_random_uuid()::text
);

INSERT INTO label_secret DEFAULT VALUES;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
