-- migrate:up

-- Accounts can be deleted, see docs/adr/0047-deleted-accounts.md. Of an event the private part goes; what the
-- seal covers stays: the public part, and the hash of salt and private part. Not compared with the rows
-- that are there, none of which has such a hash: that would read the whole table under a lock.
ALTER TABLE events
  ADD COLUMN hidden bytea,
  ALTER COLUMN salt DROP NOT NULL,
  ALTER COLUMN private DROP NOT NULL,
  ADD CONSTRAINT private_part_or_its_hash
    CHECK (CASE WHEN hidden IS NULL THEN num_nulls(salt, private) = 0
                ELSE octet_length(hidden) = 32 AND num_nulls(salt, private) = 2 END) NOT VALID;

-- It names the columns that the table had.
CREATE OR REPLACE VIEW history_events AS
  SELECT events.*
    FROM events
    JOIN epochs USING (auction_id, epoch)
   WHERE events.seq > epochs.fork AND events.seq <= epochs.until_seq;

CREATE INDEX events_by_seller ON events (user_id)
  WHERE type IN ('scheduled', 'extended', 'cancelled');

-- Since when private parts of the auction's events are gone: Redis cannot be filled from them any more.
ALTER TABLE seals ADD COLUMN erased_at timestamptz;

-- Accounts whose deletion has not reached all that the archive has of them.
CREATE TABLE deletions (
  user_id text        PRIMARY KEY CHECK (length(user_id) BETWEEN 1 AND 64),
  -- Later events belong to somebody who signed in again.
  up_to   timestamptz NOT NULL
);

-- Auctions of deleted accounts whose events still name them in their private parts.
CREATE TABLE erasures (
  auction_id text        NOT NULL,
  user_id    text        NOT NULL CHECK (length(user_id) BETWEEN 1 AND 64),
  up_to      timestamptz NOT NULL,
  -- Who sold, and who led at the last look.
  is_seller  boolean     NOT NULL DEFAULT false,
  is_leader  boolean     NOT NULL DEFAULT false,
  PRIMARY KEY (auction_id, user_id)
);

-- Whom rows name in the place of deleted accounts. No token names this user (shared/domain/ids.ts).
CREATE FUNCTION deleted_user() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN rpad('sub_deleted-account', 47, '-');

-- A sealed auction stays as it is, but for the names of those who have deleted their accounts.
CREATE OR REPLACE FUNCTION leave_as_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  kept auctions%ROWTYPE := OLD;
BEGIN
  IF NEW.leader_id = deleted_user() THEN kept.leader_id := NEW.leader_id; END IF;
  IF NEW.seller_id = deleted_user() THEN kept.seller_id := NEW.seller_id; END IF;
  IF kept IS DISTINCT FROM OLD THEN RETURN kept; END IF;
  RETURN NULL;
END $$;

-- Services may add evidence and not change it. These two changes are made for them, by the owner.

-- Takes a user's name from the columns of an auction's events. Whose they were is still in their bytes.
CREATE FUNCTION unname_events(of_auction text, of_user text, until timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  UPDATE events SET user_id = deleted_user()
   WHERE auction_id = of_auction AND user_id = of_user AND at <= until
$$;

-- Takes the private parts that name a user from the events of a sealed auction, and what else was kept of
-- these events. Of who signed in again and bid in it, only what is not later than `until`.
CREATE FUNCTION erase_private_parts(of_auction text, of_user text, until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  named text := '"' || of_user || '"';
BEGIN
  UPDATE seals SET erased_at = coalesce(erased_at, now()) WHERE auction_id = of_auction;
  IF NOT FOUND THEN RAISE EXCEPTION 'auction % is not sealed', of_auction; END IF;
  UPDATE events
     SET hidden = sha256(convert_to(salt || private, 'UTF8')), salt = NULL, private = NULL
   WHERE auction_id = of_auction AND position(named IN private) > 0
     AND (at <= until OR NOT EXISTS (SELECT FROM events AS later
                                      WHERE later.auction_id = of_auction
                                        AND later.user_id = of_user));
  UPDATE conflicts SET line = '' WHERE auction_id = of_auction AND position(named IN line) > 0;
  UPDATE discarded_letters SET payload = ''
   WHERE auction_id = of_auction AND position(convert_to(named, 'UTF8') IN payload) > 0;
END $$;

REVOKE EXECUTE ON FUNCTION unname_events, erase_private_parts FROM PUBLIC;
DO $$
DECLARE
  archiver record;
BEGIN
  FOR archiver IN
    SELECT DISTINCT grantee::regrole::text AS name
      FROM pg_class, aclexplode(relacl)
     WHERE oid = 'events'::regclass AND privilege_type = 'INSERT' AND grantee NOT IN (0, relowner)
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION unname_events, erase_private_parts TO %s',
                   archiver.name);
  END LOOP;
END $$;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
