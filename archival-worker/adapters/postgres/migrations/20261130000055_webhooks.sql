-- migrate:up

-- Who is told what, see docs/adr/0055-webhooks.md.
CREATE TABLE webhooks (
  id              text        PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  owner_id        text        NOT NULL CHECK (length(owner_id) BETWEEN 1 AND 64),
  -- An admin's: told which user an alias is.
  for_admin       boolean     NOT NULL,
  url             text        NOT NULL CHECK (length(url) BETWEEN 1 AND 2048),
  -- Names joined by spaces.
  events          text        NOT NULL CHECK (events <> ''),
  -- Whose auctions; null: everybody's.
  seller_id       text        CHECK (length(seller_id) BETWEEN 1 AND 64),
  secret          text        NOT NULL CHECK (secret <> ''),
  -- Signs as well until then.
  previous_secret text,
  previous_until  timestamptz,
  -- Idempotency keys of the calls that made the two secrets; empty without one.
  creation_key    text        NOT NULL,
  creation_hash   bytea       NOT NULL CHECK (octet_length(creation_hash) = 32),
  rotation_key    text        NOT NULL DEFAULT '',
  -- Only what was decided since is told.
  created_at      timestamptz NOT NULL DEFAULT now(),
  -- The last attempt failed, or took long: it gets few connections at once.
  strained        boolean     NOT NULL DEFAULT false,

  CONSTRAINT who_sells_sees_own_auctions CHECK (for_admin OR seller_id = owner_id),
  CONSTRAINT a_previous_secret_ends CHECK (num_nulls(previous_secret, previous_until) IN (0, 2))
);

CREATE INDEX webhooks_by_owner ON webhooks (owner_id, created_at, id);

-- How far each webhook has been told of each auction. What it has not been told yet is read from the
-- archive, so nothing waits here but a position.
CREATE TABLE webhook_queues (
  webhook_id text        NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  auction_id text        NOT NULL CHECK (length(auction_id) BETWEEN 1 AND 64),
  -- Deliveries were made of all events up to here; 0 before the first.
  epoch      bigint      NOT NULL DEFAULT 0,
  seq        bigint      NOT NULL DEFAULT 0,
  -- Failed attempts in a row.
  failures   integer     NOT NULL DEFAULT 0,
  -- When somebody is to look; null: nothing to do. While leased: when the lease ends.
  due_at     timestamptz,
  leased_by  text,
  PRIMARY KEY (webhook_id, auction_id)
);

CREATE INDEX webhook_queues_due ON webhook_queues (webhook_id, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE webhook_deliveries (
  id             text        PRIMARY KEY,
  -- The order in which they are sent, within a queue.
  place          bigint      GENERATED ALWAYS AS IDENTITY,
  webhook_id     text        NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  auction_id     text        NOT NULL,
  epoch          bigint      NOT NULL,
  seq            bigint      NOT NULL,
  type           text        NOT NULL,
  payload        text        NOT NULL CHECK (octet_length(payload) <= 65536),
  status         text        NOT NULL DEFAULT 'pending'
                             CHECK (status IN ('pending', 'delivered', 'dead')),
  -- Attempts that were begun.
  attempts       integer     NOT NULL DEFAULT 0,
  -- When it happened: from then on it is tried for three days.
  at             timestamptz NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  -- The newest attempt that ended.
  last_at        timestamptz,
  last_ms        integer,
  last_status    integer,
  last_error     text,
  delivered_at   timestamptz,
  -- Idempotency key of the call that had it sent again.
  redelivery_key text        NOT NULL DEFAULT '',
  UNIQUE (webhook_id, auction_id, epoch, seq, type)
);

CREATE UNIQUE INDEX webhook_deliveries_by_place ON webhook_deliveries (webhook_id, place);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, auction_id, place)
  WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (created_at);

-- Signing secrets are read by those only who register webhooks and sign.
DO $$
DECLARE
  reader record;
BEGIN
  FOR reader IN
    SELECT grantee::regrole::text AS name
      FROM pg_class, aclexplode(relacl)
     WHERE oid = 'webhooks'::regclass AND grantee NOT IN (0, relowner)
     GROUP BY grantee
    HAVING bool_and(privilege_type = 'SELECT')
  LOOP
    EXECUTE format('REVOKE ALL ON webhooks, webhook_queues, webhook_deliveries FROM %s',
                   reader.name);
  END LOOP;
END $$;

-- migrate:down

DROP TABLE webhook_deliveries, webhook_queues, webhooks;
