-- migrate:up

-- Every event that ever arrived, exactly once. Amounts are minor units.
-- `public` and `private` are the bytes the decide script wrote, never re-encoded; the typed
-- columns repeat what queries need. What an epoch's fork has superseded stays here, see `epochs`.
CREATE TABLE events (
  auction_id   text        NOT NULL CHECK (length(auction_id) BETWEEN 1 AND 64),
  epoch        bigint      NOT NULL CHECK (epoch >= 1),
  seq          bigint      NOT NULL CHECK (seq >= 1),
  type         text        NOT NULL CHECK (type IN ('scheduled', 'started', 'bid', 'no_change',
                                                    'bought', 'extended', 'ended', 'cancelled',
                                                    'epoch')),
  at           timestamptz NOT NULL,
  public       text        NOT NULL CHECK (public <> ''),
  salt         text        NOT NULL CHECK (length(salt) = 32),
  private      text        NOT NULL CHECK (private <> ''),
  -- sha256 of the whole line.
  payload_hash bytea       NOT NULL CHECK (octet_length(payload_hash) = 32),
  -- Whose command it was; null for timed events and new epochs.
  user_id      text        CHECK (length(user_id) BETWEEN 1 AND 64),
  bid_id       text        CHECK (length(bid_id) BETWEEN 1 AND 64),
  alias        integer     CHECK (alias >= 1),
  -- What the public sees of a bid.
  amount       bigint      CHECK (amount BETWEEN 1 AND 1000000000000),
  -- The last seq kept of the epochs before.
  fork         bigint,
  archived_at  timestamptz NOT NULL DEFAULT now(),

  PRIMARY KEY (auction_id, epoch, seq),
  CONSTRAINT scheduled_comes_first CHECK ((type = 'scheduled') = (seq = 1)),
  CONSTRAINT commands_name_their_user
    CHECK ((type IN ('started', 'ended', 'epoch')) = (user_id IS NULL)),
  CONSTRAINT bids_name_their_bidder
    CHECK (num_nonnulls(bid_id, alias)
           = CASE WHEN type IN ('bid', 'no_change', 'bought') THEN 2 ELSE 0 END),
  CONSTRAINT public_bids_have_an_amount CHECK ((type IN ('bid', 'bought')) = (amount IS NOT NULL)),
  CONSTRAINT epochs_fork_just_before
    CHECK (CASE WHEN type = 'epoch' THEN epoch > 1 AND fork IS NOT NULL AND fork = seq - 1
                ELSE fork IS NULL END)
);

-- Where each epoch of an auction forked off: events of lower epochs above `fork` are superseded.
-- Epoch 1 starts at 0.
CREATE TABLE epochs (
  auction_id text   NOT NULL,
  epoch      bigint NOT NULL CHECK (epoch >= 1),
  fork       bigint NOT NULL CHECK (fork >= 0),
  PRIMARY KEY (auction_id, epoch),
  CONSTRAINT only_the_first_epoch_starts_at_zero CHECK ((epoch = 1) = (fork = 0))
);

CREATE TABLE items (
  id          text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  seller_id   text NOT NULL CHECK (length(seller_id) BETWEEN 1 AND 64),
  title       text NOT NULL,
  description text,
  image_url   text
);

-- One row an auction: its newest known state, and its terms once the first event has arrived.
CREATE TABLE auctions (
  id             text        PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),

  item_id        text        REFERENCES items (id),
  seller_id      text        CHECK (length(seller_id) BETWEEN 1 AND 64),
  currency       text        CHECK (currency ~ '^[A-Z]{3}$'),
  start_price    bigint      CHECK (start_price BETWEEN 1 AND 1000000000000),
  buy_now_price  bigint      CHECK (buy_now_price BETWEEN 1 AND 1000000000000),
  starts_at      timestamptz,
  created_at     timestamptz,

  -- The position of the state below; it only ever rises.
  epoch          bigint      NOT NULL CHECK (epoch >= 1),
  seq            bigint      NOT NULL CHECK (seq >= 1),
  status         text        NOT NULL CHECK (status IN ('scheduled', 'live', 'ended', 'cancelled')),
  outcome        text        CHECK (outcome IN ('sold', 'reserve_not_met', 'no_bids')),
  price          bigint      NOT NULL CHECK (price BETWEEN 1 AND 1000000000000),
  minimum_bid    bigint      NOT NULL CHECK (minimum_bid >= 1),
  leader         integer     CHECK (leader >= 1),
  -- Secret: which user the leader is.
  leader_id      text        CHECK (length(leader_id) BETWEEN 1 AND 64),
  bid_count      bigint      NOT NULL CHECK (bid_count >= 0),
  reserve_met    boolean     NOT NULL,
  ends_at        timestamptz NOT NULL,
  changed_at     timestamptz NOT NULL,

  -- The history as of this epoch is archived without a gap up to this seq.
  archived_epoch bigint      NOT NULL DEFAULT 1 CHECK (archived_epoch >= 1),
  archived_seq   bigint      NOT NULL DEFAULT 0 CHECK (archived_seq >= 0),

  CONSTRAINT terms_come_together
    CHECK (num_nulls(item_id, seller_id, currency, start_price, starts_at, created_at) IN (0, 6)),
  CONSTRAINT ended_has_an_outcome CHECK ((status = 'ended') = (outcome IS NOT NULL)),
  CONSTRAINT leader_is_a_user CHECK ((leader IS NULL) = (leader_id IS NULL)),
  CONSTRAINT leader_has_bid CHECK ((leader IS NULL) = (bid_count = 0)),
  CONSTRAINT sold_has_a_winner CHECK (outcome <> 'sold' OR leader IS NOT NULL),
  CONSTRAINT archived_is_not_ahead CHECK ((archived_epoch, archived_seq) <= (epoch, seq))
);

-- Lists, newest first. Auctions whose first event is still on its way are not listed.
CREATE INDEX auctions_newest ON auctions (created_at DESC, id DESC) WHERE created_at IS NOT NULL;
CREATE INDEX auctions_newest_by_status ON auctions (status, created_at DESC, id DESC)
  WHERE created_at IS NOT NULL;

-- Events that claim a place that another one holds. Never expected; the first one stays.
CREATE TABLE conflicts (
  auction_id   text        NOT NULL,
  epoch        bigint      NOT NULL,
  seq          bigint      NOT NULL,
  payload_hash bytea       NOT NULL CHECK (octet_length(payload_hash) = 32),
  line         text        NOT NULL,
  seen_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (auction_id, epoch, seq, payload_hash)
);

-- Messages that can never be stored as events, kept as they came.
CREATE TABLE dead_letters (
  payload_hash bytea       PRIMARY KEY CHECK (octet_length(payload_hash) = 32),
  subject      text        NOT NULL,
  payload      bytea       NOT NULL,
  reason       text        NOT NULL,
  seen_at      timestamptz NOT NULL DEFAULT now()
);

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
