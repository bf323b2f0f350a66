import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '@outcry/local/servers/databases.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { runMigrations } from './run-migrations.ts';

const run = promisify(execFile);
const WORKER = join(import.meta.dirname, '../..');

let folder: string;
let server: LocalServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-migrate-'));
  server = await startPostgres({ dataDir: folder });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const migrate = (url: string) =>
  run(process.execPath, ['--import', 'tsx', 'migrate.ts'], {
    cwd: WORKER,
    env: { PATH: process.env['PATH'], DATABASE_URL: url },
  });

test('several runs at once on an empty database all succeed', async () => {
  const url = await createDatabase(server, 'many');
  await Promise.all(Array.from({ length: 8 }, () => runMigrations(url)));
  const sql = postgres(url, { max: 1 });
  const files = await readdir(join(import.meta.dirname, 'migrations'));
  expect(await sql`SELECT version FROM schema_migrations`).toHaveLength(files.length);
  await sql.end();
});

test('an archive of the first version keeps all it has', async () => {
  const url = await createDatabase(server, 'old');
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const first = '20261121000001_archive.sql';
  const text = await readFile(join(import.meta.dirname, 'migrations', first), 'utf8');
  await sql.unsafe(text.slice(0, text.indexOf('-- migrate:down')));
  await sql`CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)`;
  await sql`INSERT INTO schema_migrations VALUES ('20261121000001')`;
  // Of 40 auctions: epoch 1 up to 10, epoch 2 forked off at 6, epoch 3 at 8.
  await sql`
    INSERT INTO events (auction_id, epoch, seq, type, at, public, salt, private, payload_hash,
                        user_id, fork)
    SELECT auction, epoch, seq, type, now(), 'public', repeat('0', 32), 'private',
           sha256(convert_to(auction || epoch || seq, 'UTF8')),
           CASE WHEN type IN ('epoch', 'started') THEN NULL ELSE 'ann' END,
           CASE WHEN type = 'epoch' THEN seq - 1 END
      FROM (SELECT 'a0-' || n AS auction FROM generate_series(1, 40) AS n) AS auctions,
           (VALUES (1, 1, 10), (2, 7, 10), (3, 9, 12)) AS epochs (epoch, low, high),
           generate_series(low, high) AS seq,
           LATERAL (SELECT CASE WHEN seq = 1 THEN 'scheduled' WHEN seq = low THEN 'epoch'
                                ELSE 'cancelled' END AS type) AS types`;
  await sql`
    INSERT INTO epochs (auction_id, epoch, fork)
    SELECT DISTINCT auction_id, epoch, coalesce(fork, 0)
      FROM events WHERE type IN ('scheduled', 'epoch')`;
  await sql`
    INSERT INTO dead_letters (payload_hash, subject, payload, reason)
    SELECT sha256(convert_to(subject, 'UTF8')), subject, '\\x00', 'old'
      FROM unnest(ARRAY['outcry.v1.events.0.a0-7', 'odd.']) AS subject`;
  // Of the columns that the first version had.
  const rows = () => sql`
    SELECT md5(string_agg((auction_id, epoch, seq, type, at, public, salt, private, payload_hash,
                           user_id, bid_id, alias, amount, fork, archived_at)::text,
                          ',' ORDER BY auction_id, epoch, seq))
      FROM events`;
  const before = await rows();

  await runMigrations(url);
  expect(await rows()).toEqual(before);
  const partitions = await sql`SELECT DISTINCT tableoid::regclass::text AS name FROM events`;
  expect(partitions).toHaveLength(4);
  const history = await sql<{ line: string; auctions: number }[]>`
    SELECT line, count(*)::int AS auctions
      FROM (SELECT string_agg(epoch || ':' || seq, ' ' ORDER BY seq) AS line
              FROM history_events GROUP BY auction_id) AS lines
     GROUP BY line`;
  expect([...history]).toEqual([
    { line: '1:1 1:2 1:3 1:4 1:5 1:6 2:7 2:8 3:9 3:10 3:11 3:12', auctions: 40 },
  ]);
  expect([...(await sql`SELECT auction_id FROM dead_letters ORDER BY subject DESC`)]).toEqual([
    { auction_id: 'a0-7' },
    { auction_id: null },
  ]);
  await sql.end();
});

test('the command applies what is missing, and nothing the second time', async () => {
  const url = await createDatabase(server, 'one');
  const [first, second] = [await migrate(url), await migrate(url)];
  expect(first.stdout + first.stderr).toContain('Applied: ');
  expect(second.stdout + second.stderr).not.toContain('Applied: ');
});

test('a URL that is missing is named', async () => {
  await expect(migrate('')).rejects.toThrow('DATABASE_URL: must be a postgres:// URL');
});

test('a database that is not there or cannot be reached is an error', async () => {
  const missing = new URL(server.url);
  missing.pathname = '/none';
  await expect(migrate(missing.href)).rejects.toThrow('does not exist');
  await expect(runMigrations('postgres://127.0.0.1:1/none')).rejects.toThrow('ECONNREFUSED');
});

test('a Postgres that comes up later is waited for', async () => {
  const url = await createDatabase(server, 'later');
  await server.stop();
  const migrating = migrate(url);
  // Whether it is waiting already or still starting: both must end well.
  await server.start();
  expect((await migrating).stdout).toContain('Applied: ');
  await server.stop();
  const waiting = runMigrations(url, undefined, 30_000);
  await expect(runMigrations(url)).rejects.toThrow('ECONNREFUSED');
  await server.start();
  await waiting;
});
