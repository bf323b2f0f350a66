-- migrate:up

-- Auctions can be paused, their bidders removed, and their ends moved by the engine after an outage. The new
-- checks are not made on the rows that are there: they held stricter ones.
ALTER TABLE events
  DROP CONSTRAINT events_type_check,
  ADD CONSTRAINT events_type_check
    CHECK (type IN ('scheduled', 'started', 'bid', 'no_change', 'bought', 'extended', 'paused', 'resumed',
                    'removed', 'ended', 'cancelled', 'epoch')) NOT VALID,
  DROP CONSTRAINT commands_name_their_user,
  ADD CONSTRAINT commands_name_their_user
    CHECK (CASE WHEN type IN ('started', 'ended', 'epoch') THEN user_id IS NULL
                ELSE user_id IS NOT NULL OR type = 'extended' END) NOT VALID,
  DROP CONSTRAINT bids_name_their_bidder,
  ADD CONSTRAINT bids_name_their_bidder
    CHECK (CASE WHEN type IN ('bid', 'no_change', 'bought') THEN num_nulls(bid_id, alias) = 0
                WHEN type = 'removed' THEN bid_id IS NULL AND alias IS NOT NULL
                ELSE num_nonnulls(bid_id, alias) = 0 END) NOT VALID;

ALTER TABLE auctions
  DROP CONSTRAINT auctions_status_check,
  ADD CONSTRAINT auctions_status_check
    CHECK (status IN ('scheduled', 'live', 'paused', 'ended', 'cancelled')) NOT VALID,
  -- A bidder was removed: the bids cannot be counted one by one.
  ADD COLUMN has_removals boolean NOT NULL DEFAULT false;

-- Who was removed, and what was done as a seller or an admin.
CREATE INDEX events_of_removals ON events (auction_id) WHERE type = 'removed';
DROP INDEX events_by_seller;
CREATE INDEX events_by_manager ON events (user_id)
  WHERE type IN ('scheduled', 'extended', 'cancelled', 'paused', 'resumed', 'removed');

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
