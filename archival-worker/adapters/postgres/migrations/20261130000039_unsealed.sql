-- migrate:up

-- The auctions that Redis must still have, which a worker compares after every start of Redis.
CREATE INDEX auctions_unsealed ON auctions (id) WHERE sealed_at IS NULL;

-- migrate:down

DROP INDEX auctions_unsealed;
