-- migrate:up

-- Epochs are no longer numbered 1, 2, 3 …, so each names the one it forked from; see
-- docs/adr/0011-epochs.md. Epochs from before that rule forked from the number below theirs.
ALTER TABLE epochs
  ADD COLUMN parent bigint,
  -- The events of this epoch from `fork` + 1 to here are the auction's history. Null when none is:
  -- the epoch was superseded as a whole, or one before it has not arrived yet.
  ADD COLUMN until_seq bigint;

UPDATE epochs SET parent = epoch - 1 WHERE epoch > 1;

ALTER TABLE epochs
  ADD CONSTRAINT every_epoch_but_the_first_has_an_older_parent
    CHECK (CASE WHEN epoch = 1 THEN parent IS NULL
                ELSE parent IS NOT NULL AND parent BETWEEN 1 AND epoch - 1 END);

-- Sets `until_seq` of these auctions' epochs. An auction's history is its newest epoch, that one's
-- parent up to the fork, the parent's parent up to that fork, and so on down to epoch 1. The newest
-- one counts once it and all its ancestors have arrived. To be called after every new epoch.
CREATE FUNCTION trace_histories(auction_ids text[]) RETURNS void LANGUAGE sql AS $$
  WITH RECURSIVE
  -- Epochs whose ancestors have all arrived.
  descended (auction_id, epoch) AS (
      SELECT auction_id, epoch
        FROM epochs
       WHERE auction_id = ANY (auction_ids) AND epoch = 1
    UNION ALL
      SELECT child.auction_id, child.epoch
        FROM descended
        JOIN epochs AS child
          ON child.auction_id = descended.auction_id AND child.parent = descended.epoch
  ),
  -- From the newest one up its line of ancestors.
  line (auction_id, epoch, parent, fork, until_seq) AS (
      SELECT auction_id, epoch, parent, fork, 9007199254740991
        FROM epochs
        JOIN (SELECT auction_id, max(epoch) AS epoch FROM descended GROUP BY auction_id) AS newest
       USING (auction_id, epoch)
    UNION ALL
      SELECT older.auction_id, older.epoch, older.parent, older.fork,
             least(line.until_seq, line.fork)
        FROM line
        JOIN epochs AS older
          ON older.auction_id = line.auction_id AND older.epoch = line.parent
  )
  UPDATE epochs
     SET until_seq = traced.until_seq
    FROM (SELECT all_known.auction_id, all_known.epoch, line.until_seq
            FROM epochs AS all_known LEFT JOIN line USING (auction_id, epoch)
           WHERE all_known.auction_id = ANY (auction_ids)) AS traced
   WHERE epochs.auction_id = traced.auction_id AND epochs.epoch = traced.epoch
     AND epochs.until_seq IS DISTINCT FROM traced.until_seq
$$;

SELECT trace_histories(array_agg(DISTINCT auction_id)) FROM epochs;

-- The histories of all auctions. Within one auction every seq is there at most once.
CREATE VIEW history_events AS
  SELECT events.*
    FROM events
    JOIN epochs USING (auction_id, epoch)
   WHERE events.seq > epochs.fork AND events.seq <= epochs.until_seq;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
