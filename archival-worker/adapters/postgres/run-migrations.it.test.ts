import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
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

test('the command applies what is missing, and nothing the second time', async () => {
  const url = await createDatabase(server, 'one');
  const [first, second] = [await migrate(url), await migrate(url)];
  expect(first.stdout + first.stderr).toContain('Applied: ');
  expect(second.stdout + second.stderr).not.toContain('Applied: ');
});

test('a URL that is missing is named', async () => {
  await expect(migrate('')).rejects.toThrow('DATABASE_URL: must be a postgres:// URL');
});

test('a database that cannot be reached is an error', async () => {
  await expect(migrate('postgres://127.0.0.1:1/none')).rejects.toThrow('ECONNREFUSED');
});
