/**
 * What tests start has the settings that ship. Each difference is named here with its reason; any
 * other one fails, whichever side it comes from.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '@outcry/local/processes/ports.ts';
import { obtainRedis } from '@outcry/local/programs/programs.ts';
import { ask } from '@outcry/local/servers/ask.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedisCluster } from '@outcry/local/servers/redis-cluster.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { createServer } from '@outcry/local/servers/run-server.ts';
import { stoppedAfterTest } from '@outcry/local/testing/stopped-after-test.ts';
import { temporaryFolder } from '@outcry/local/testing/temporary-folder.ts';
import { ROOT } from '../testing/secured-servers.ts';

const read = (file: string): Promise<string> =>
  readFile(join(ROOT, 'infrastructure', file), 'utf8');

/** Where a server is, and what it logs to. */
const PLACES = new Set(
  [
    'bind',
    'port',
    'dir',
    'cluster-port',
    'cluster-config-file',
    'pidfile',
    'proc-title-template',
  ].concat(
    // Tests of credentials give the file that make-secrets.mjs writes; the others have no users.
    ['aclfile'],
  ),
);
const NO_BOUND = 'tests give a bound of memory where they are about it';
const CLUSTER_DIFFERENCES = {
  maxmemory: NO_BOUND,
  'cluster-node-timeout': 'tests wait for a failover, and not for 5 s',
  'min-replicas-to-write': 'clusters without replicas take writes too; tests of the promise set it',
  'min-slaves-to-write': 'the same, by its former name',
  'repl-diskless-sync-delay': 'tests wait for the first copy, and not for 5 s',
};

test.each([
  ['docker/redis.conf', { maxmemory: NO_BOUND }],
  ['k8s/overlays/local/redis.conf', { maxmemory: NO_BOUND }],
])('Redis, %s', async (file, differences) => {
  const ours = await stoppedAfterTest(startRedis({ dataDir: await temporaryFolder() }));
  expect(differing(await settingsOf(ours.url), await settingsOfFile(file))).toEqual(
    Object.keys(differences),
  );
});

test('a node of a Redis Cluster, k8s/servers/redis.conf', async () => {
  const cluster = await startRedisCluster({ dataDir: await temporaryFolder(), masters: 1 });
  onTestFinished(() => cluster.stop());
  const theirs = await settingsOfFile('k8s/servers/redis.conf');
  expect(differing(await settingsOf(cluster.url), theirs)).toEqual(
    Object.keys(CLUSTER_DIFFERENCES).toSorted(),
  );
});

test('NATS, docker/nats.conf', async () => {
  const folder = await temporaryFolder();
  await stoppedAfterTest(startNats({ dataDir: folder }));
  const ours = settingLines(await readFile(join(folder, 'nats.conf'), 'utf8'));
  const theirs = settingLines(await read('docker/nats.conf'));
  expect(ours.filter((line) => !theirs.includes(line)).map(nameOf)).toEqual([
    'server_name',
    'listen',
    'store_dir',
  ]);
  // Debian 12's NATS, 2.9, has no sync_interval: it acknowledges before the disk has the message.
  const missing = theirs.map(nameOf).filter((name) => !ours.map(nameOf).includes(name));
  expect(['http include', 'http sync_interval include']).toContain(missing.join(' '));
});

test.each([
  ['k8s/overlays/local/nats.conf', ['max_file_store', 'include'], []],
  [
    'k8s/servers/nats.conf',
    ['server_name', 'max_file_store', 'include'],
    ['lame_duck_duration', 'lame_duck_grace_period', 'cluster', 'name', 'listen', 'include'],
  ],
])('NATS on Kubernetes, %s', async (file, changed, added) => {
  const docker = settingLines(await read('docker/nats.conf'));
  const here = settingLines(await read(file));
  const more = here.filter((line) => !docker.includes(line) && !line.startsWith('nats://'));
  expect(more.map(nameOf).toSorted()).toEqual([...changed, ...added].toSorted());
  const names = new Set(here.map(nameOf));
  expect(docker.map(nameOf).filter((name) => !names.has(name))).toEqual([]);
});

test('Postgres, docker/postgres.conf', async () => {
  expect(await read('k8s/servers/postgres.conf')).toBe(await read('docker/postgres.conf'));
  const server = await stoppedAfterTest(
    startPostgres({ dataDir: await temporaryFolder(), durable: false }),
  );
  const sql = postgres(server.url, { max: 1 });
  onTestFinished(() => sql.end({ timeout: 2 }));
  const given = await sql<{ name: string }[]>`
    SELECT name FROM pg_settings WHERE source = 'command line' AND context <> 'internal'`;
  const shipped = (await read('docker/postgres.conf'))
    .split('\n')
    .filter((line) => /^\w/.test(line))
    .map((line) => line.split(' = ') as [string, string]);
  for (const [name, value] of shipped) {
    if (name === 'listen_addresses') continue;
    const [row] = await sql<{ value: string }[]>`SELECT current_setting(${name}) AS value`;
    expect([name, row?.value]).toEqual([name, value.replaceAll("'", '')]);
  }
  const names = new Set(shipped.map(([name]) => name.toLowerCase()));
  const ours = given.map(({ name }) => name).filter((name) => !names.has(name.toLowerCase()));
  expect(ours.toSorted()).toEqual(
    [
      'port',
      'unix_socket_directories',
      // `durable: false`, for tests that never kill it. Those that do leave it out.
      'fsync',
      'full_page_writes',
      'synchronous_commit',
    ].toSorted(),
  );
});

type Settings = Readonly<Record<string, string>>;

async function settingsOf(url: string): Promise<Settings> {
  const redis = new Redis(url);
  try {
    const pairs: unknown = await redis.config('GET', '*');
    const flat = Array.isArray(pairs) ? pairs.map(String) : [];
    return Object.fromEntries(
      flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [])),
    );
  } finally {
    redis.disconnect();
  }
}

/** What Redis makes of a file that ships. Its users and their passwords are left out. */
async function settingsOfFile(file: string): Promise<Settings> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const text = (await read(file))
    .replaceAll(/^(?:aclfile|include) .*$/gm, '')
    .replaceAll('/data', join(folder, 'data'));
  await mkdir(join(folder, 'data'));
  const config = join(folder, 'redis.conf');
  await writeFile(config, text);
  const program = await obtainRedis();
  if (program.kind !== 'file') throw new Error('this test needs redis-server on PATH');
  const url = `redis://127.0.0.1:${port}`;
  const server = createServer({
    name: 'redis',
    url,
    port,
    log: join(folder, 'redis.log'),
    process: {
      file: program.path,
      args: [config, '--port', `${port}`, '--cluster-port', `${await freePort()}`],
      cwd: folder,
    },
    stopSignal: 'SIGTERM',
    answers: async () =>
      (await ask(port, 'PING\r\nQUIT\r\n', (text) => text.endsWith('+OK\r\n')))?.startsWith(
        '+PONG',
      ) === true,
  });
  await server.start();
  onTestFinished(() => server.stop());
  return settingsOf(url);
}

function differing(ours: Settings, theirs: Settings): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...names].filter((name) => !PLACES.has(name) && ours[name] !== theirs[name]).toSorted();
}

const settingLines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#}\]]/.test(line));

const nameOf = (line: string): string => /^\w+/.exec(line)?.[0] ?? line;
