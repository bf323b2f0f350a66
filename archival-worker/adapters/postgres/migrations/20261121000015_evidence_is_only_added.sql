-- migrate:up

-- Events, conflicts and judged letters are what everything else can be proven from. Services add
-- them, and nothing of ours changes or deletes one, so no service's role may do it either. Default
-- privileges gave these rights away when the tables were made (infrastructure/access).
DO $$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT DISTINCT format('%I.%I', table_schema, table_name)::regclass AS evidence, grantee
      FROM information_schema.role_table_grants
     WHERE privilege_type IN ('UPDATE', 'DELETE')
       AND grantee NOT IN ('PUBLIC', current_user)
       AND (table_name IN ('events', 'conflicts', 'discarded_letters')
            OR format('%I.%I', table_schema, table_name)::regclass
               IN (SELECT relid FROM pg_partition_tree('events')))
       AND table_schema = current_schema()
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE ON %s FROM %I', given.evidence, given.grantee);
  END LOOP;
END $$;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
