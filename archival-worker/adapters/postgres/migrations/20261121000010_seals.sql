-- migrate:up

-- When the whole history of the auction was sealed; from then on the row never changes.
ALTER TABLE auctions ADD COLUMN sealed_at timestamptz
  CONSTRAINT only_what_is_over_and_whole_is_sealed
    CHECK (sealed_at IS NULL OR (status IN ('ended', 'cancelled')
                                 AND (archived_epoch, archived_seq) = (epoch, seq)));

CREATE INDEX auctions_to_seal ON auctions (changed_at, id)
  WHERE sealed_at IS NULL AND status IN ('ended', 'cancelled');

-- The statement that the archive holds events 1 to `seq` of an auction, see docs/seal.md.
CREATE TABLE seals (
  auction_id    text        PRIMARY KEY REFERENCES auctions (id),
  -- The epoch and seq of the last event.
  epoch         bigint      NOT NULL CHECK (epoch >= 1),
  seq           bigint      NOT NULL CHECK (seq >= 1),
  -- The head of the hash chain.
  head          bytea       NOT NULL CHECK (octet_length(head) = 32),
  -- The first four bytes of the chain after each event: they tell which row does not belong.
  links         bytea       NOT NULL,
  sealed_at     timestamptz NOT NULL DEFAULT now(),
  -- What Redis said when it was told; null until it answered.
  redis_answer  text        CHECK (redis_answer IN ('sealed', 'gone', 'differs')),
  redis_told_at timestamptz,
  CONSTRAINT one_link_an_event CHECK (octet_length(links) = 4 * seq),
  CONSTRAINT an_answer_has_a_time CHECK ((redis_answer IS NULL) = (redis_told_at IS NULL))
);

CREATE INDEX seals_redis_was_not_told ON seals (sealed_at) WHERE redis_told_at IS NULL;

CREATE FUNCTION refuse_to_change_a_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the seal of auction % is final', OLD.auction_id;
END $$;

CREATE TRIGGER a_seal_is_final
  BEFORE DELETE OR UPDATE OF auction_id, epoch, seq, head, links, sealed_at ON seals
  FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_seal();

-- Events that arrive after the seal stay in `events`, and change nothing else: no state, no
-- archived prefix, no epoch, hence no history.
CREATE FUNCTION leave_as_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RETURN NULL;
END $$;

CREATE TRIGGER a_sealed_auction_stays
  BEFORE UPDATE ON auctions FOR EACH ROW WHEN (OLD.sealed_at IS NOT NULL)
  EXECUTE FUNCTION leave_as_sealed();

CREATE FUNCTION leave_epochs_as_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM seals WHERE seals.auction_id = NEW.auction_id) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER a_sealed_history_stays
  BEFORE INSERT OR UPDATE ON epochs FOR EACH ROW EXECUTE FUNCTION leave_epochs_as_sealed();

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
