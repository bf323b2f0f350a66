-- migrate:up

-- `events` grows for ever, so it is cut into partitions: smaller indexes, and vacuum works on one
-- part at a time. By auction, so that reading one auction reads one partition. An existing table
-- cannot become a partitioned one, so its rows are copied once; workers wait and try again.
-- Four, because inserting into 16 was a fifth slower and into four was not. One that grows too large
-- can be split alone, into two of modulus 8.
ALTER TABLE events RENAME TO events_in_one_piece;
ALTER INDEX events_pkey RENAME TO events_in_one_piece_pkey;

CREATE TABLE events (
  LIKE events_in_one_piece INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (auction_id, epoch, seq)
) PARTITION BY HASH (auction_id);

DO $$ BEGIN
  FOR part IN 0..3 LOOP
    EXECUTE format('CREATE TABLE events_%s PARTITION OF events
                      FOR VALUES WITH (MODULUS 4, REMAINDER %s)', part, part);
  END LOOP;
END $$;

INSERT INTO events SELECT * FROM events_in_one_piece;

DO $$ BEGIN
  IF (SELECT count(*) FROM events) <> (SELECT count(*) FROM events_in_one_piece) THEN
    RAISE EXCEPTION 'not every event was copied into the partitions';
  END IF;
END $$;

DROP TABLE events_in_one_piece;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
