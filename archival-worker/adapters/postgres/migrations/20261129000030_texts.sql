-- migrate:up

-- The terms under which an item's title and description are found (shared/domain/search-terms.ts). Null
-- until a worker has computed them: it does so for what older ones stored.
ALTER TABLE items ADD COLUMN search tsvector;
DROP INDEX items_by_title;
CREATE INDEX items_by_search ON items USING gin (search);
CREATE INDEX items_without_search ON items (id) WHERE search IS NULL;

-- What a name is taken for (shared/domain/display-names.ts), as it is written and in small letters.
-- Nobody can take the name of another one, nor one that looks like it. Null as above.
ALTER TABLE display_names
  ADD COLUMN look_written text,
  ADD COLUMN look_lower   text;
CREATE UNIQUE INDEX display_names_written ON display_names (look_written);
CREATE UNIQUE INDEX display_names_lower ON display_names (look_lower);
DROP INDEX display_names_differ;
CREATE INDEX display_names_without_look ON display_names (changed_at, user_id)
  WHERE look_written IS NULL;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
