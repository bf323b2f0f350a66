-- migrate:up

-- What bidders did, kept in the transaction that stores the events; adapters/postgres/statistics.ts
-- says how each table follows from the events.

-- Accepted bids and purchases of an auction's history, by bidder and hour.
CREATE TABLE bid_hours (
  auction_id text        NOT NULL,
  user_id    text        NOT NULL,
  hour       timestamptz NOT NULL,
  bids       bigint      NOT NULL CHECK (bids >= 1),
  -- The highest amount that the public saw.
  highest    bigint      NOT NULL CHECK (highest >= 1),
  PRIMARY KEY (auction_id, user_id, hour)
);

CREATE INDEX bid_hours_by_user ON bid_hours (user_id, auction_id) INCLUDE (bids, highest);
CREATE INDEX bid_hours_by_hour ON bid_hours (hour) INCLUDE (user_id, bids);

-- Auctions that were sold.
CREATE TABLE wins (
  auction_id text        PRIMARY KEY,
  user_id    text        NOT NULL,
  currency   text        NOT NULL,
  price      bigint      NOT NULL CHECK (price >= 1),
  at         timestamptz NOT NULL
);

CREATE INDEX wins_by_user ON wins (user_id) INCLUDE (currency, price);
CREATE INDEX wins_by_time ON wins (at) INCLUDE (user_id, currency, price);

-- Sums of the two tables above, for the leaderboards of all time. Changed by differences, which
-- can be negative, so a CHECK on a single change would be wrong. No index on what changes.
CREATE TABLE bidder_totals (
  user_id text   PRIMARY KEY,
  bids    bigint NOT NULL
);

CREATE TABLE winner_totals (
  user_id  text   NOT NULL,
  currency text   NOT NULL,
  wins     bigint NOT NULL,
  spent    bigint NOT NULL,
  PRIMARY KEY (user_id, currency)
);

-- What was archived before these tables were there.
INSERT INTO bid_hours (auction_id, user_id, hour, bids, highest)
SELECT auction_id, user_id, date_trunc('hour', at, 'UTC'), count(*), max(amount)
  FROM history_events
 WHERE type IN ('bid', 'bought')
 GROUP BY 1, 2, 3;

INSERT INTO wins (auction_id, user_id, currency, price, at)
SELECT id, leader_id, currency, price, changed_at
  FROM auctions
 WHERE outcome = 'sold' AND currency IS NOT NULL;

INSERT INTO bidder_totals (user_id, bids) SELECT user_id, sum(bids) FROM bid_hours GROUP BY 1;

INSERT INTO winner_totals (user_id, currency, wins, spent)
SELECT user_id, currency, count(*), sum(price) FROM wins GROUP BY 1, 2;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
