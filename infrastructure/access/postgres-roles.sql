-- Who may do what in Postgres. make-secrets.mjs puts passwords in for the names in braces. Run once,
-- by an administrator, in the database of Outcry, before the first migration.

-- Makes and changes tables: `node migrate.js`, and nothing else.
CREATE ROLE outcry_migrator LOGIN PASSWORD '{outcry_migrator}';
-- archival-worker, webhooks and rebuild: rows, never tables. Migrations take back the right to change or delete
-- events, conflicts and discarded letters: these are only added.
CREATE ROLE outcry_archiver LOGIN PASSWORD '{outcry_archiver}';
-- The history API (DATABASE_READ_URL): reads.
CREATE ROLE outcry_history LOGIN PASSWORD '{outcry_history}';
ALTER ROLE outcry_history SET default_transaction_read_only = on;

DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO outcry_migrator, outcry_archiver, outcry_history',
    current_database());
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO outcry_migrator;
GRANT USAGE ON SCHEMA public TO outcry_archiver, outcry_history;

-- For everything that migrations will make. TRUNCATE is given to nobody.
SET ROLE outcry_migrator;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO outcry_archiver;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO outcry_archiver;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO outcry_history;
RESET ROLE;
