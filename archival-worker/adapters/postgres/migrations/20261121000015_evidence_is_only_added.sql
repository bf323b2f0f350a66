-- migrate:up

-- Events, conflicts and judged letters are what everything else can be proven from. Services add
-- them, and nothing of ours changes or deletes one, so nobody but their owner may do it either.
-- Default privileges gave these rights away when the tables were made (infrastructure/access), and
-- will for further partitions: a migration that adds one takes them back again.
DO $$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT DISTINCT oid::regclass AS evidence,
           CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS grantee
      FROM pg_class, aclexplode(relacl)
     WHERE oid IN (SELECT relid FROM pg_partition_tree('events')
                   UNION ALL VALUES ('conflicts'::regclass), ('discarded_letters'::regclass))
       AND privilege_type IN ('UPDATE', 'DELETE')
       AND grantee <> relowner
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE ON %s FROM %s', given.evidence, given.grantee);
  END LOOP;
END $$;

-- migrate:down

DO $$ BEGIN
  RAISE EXCEPTION 'the archive is never rolled back; write a new migration instead';
END $$;
