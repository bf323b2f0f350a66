import { mkdir, realpath, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import connect from 'postgres';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isAlive } from '../processes/process-table.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { findEmbeddedPostgres } from '../programs/embedded-postgres.ts';
import type { Program } from '../programs/programs.ts';
import { stoppedAfterTest } from '../testing/stopped-after-test.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { createDatabase } from './databases.ts';
import { startPostgres } from './postgres.ts';

vi.setConfig({ testTimeout: 120_000 });

async function query(url: string, text: string): Promise<unknown[]> {
  const sql = connect(url, { max: 1 });
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end();
  }
}

async function embedded(): Promise<Program> {
  const folder = await findEmbeddedPostgres();
  if (folder === undefined) throw new Error('embedded-postgres has nothing for this platform');
  return { kind: 'file', path: join(folder, 'postgres') };
}

test('a killed Postgres starts again on the same port with its rows', async () => {
  const postgres = await stoppedAfterTest(startPostgres({ dataDir: await temporaryFolder() }));
  await query(postgres.url, 'create table kept as select 7 as row');
  await postgres.kill();
  await postgres.start();
  expect(await query(postgres.url, 'select row from kept')).toEqual([{ row: 7 }]);

  const pid = postgres.pid();
  if (pid === undefined) throw new Error('no process number');
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => postgres.pid() === undefined, { withinMs: 5000, what: 'the end' });
  await postgres.start();
  expect(await query(postgres.url, 'select row from kept')).toEqual([{ row: 7 }]);
});

test('the Postgres from npm works where none is installed', async () => {
  const dataDir = await temporaryFolder();
  const postgres = await stoppedAfterTest(
    startPostgres({ dataDir, durable: false, program: await embedded() }),
  );
  const [row] = await query(
    postgres.url,
    `select current_setting('server_version_num')::int / 10000 as version, upper('é') as upper,
            current_setting('fsync') as fsync`,
  );
  expect(row).toEqual({ version: 18, upper: 'É', fsync: 'off' });
});

test('a database is created from a template', async () => {
  const postgres = await stoppedAfterTest(
    startPostgres({ dataDir: await temporaryFolder(), durable: false }),
  );
  const template = await createDatabase(postgres, 'template-of-a-test');
  await query(template, 'create table copied as select 1 as row');
  const copy = await createDatabase(postgres, 'copy', 'template-of-a-test');
  expect(await query(copy, 'select row from copied')).toEqual([{ row: 1 }]);
  await expect(createDatabase(postgres, 'copy')).rejects.toThrow('already exists');
});

test('data of another major version is refused with a sentence', async () => {
  const dataDir = await temporaryFolder();
  const older = await startPostgres({ dataDir, durable: false, program: await embedded() });
  await older.stop();
  const { port } = older;
  const other = startPostgres({ dataDir, port, durable: false });
  const outcome = await other.then(
    async (server) => {
      // The installed Postgres is of the same version here: then the data must simply open.
      await server.stop();
      return 'opened';
    },
    (error: unknown) => String(error),
  );
  expect(outcome).toMatch(/opened|was written by Postgres 18, but .* is version \d+/);
});

test.runIf(process.getuid?.() === 0)(
  'below a folder that only root may enter, data and programs are kept elsewhere',
  async () => {
    const folder = await temporaryFolder(homedir());
    const dataDir = join(folder, 'postgres');
    await mkdir(dataDir);
    const postgres = await stoppedAfterTest(startPostgres({ dataDir, durable: false }));
    const data = await realpath(join(dataDir, 'server'));
    onTestFinished(() => rm(join(data, '..'), { recursive: true, force: true }));
    expect(data).toMatch(/^\/var\/lib\/outcry\//);
    await query(postgres.url, 'create table kept as select 7 as row');
    const { port } = postgres;
    const pid = postgres.pid();
    await postgres.stop();
    expect(pid !== undefined && isAlive(pid)).toBe(false);

    const again = await stoppedAfterTest(startPostgres({ dataDir, port, durable: false }));
    expect(await query(again.url, 'select row from kept')).toEqual([{ row: 7 }]);
  },
);
