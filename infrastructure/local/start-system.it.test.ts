import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort, isPortFree } from './processes/ports.ts';
import { isAlive } from './processes/process-table.ts';
import { waitUntil } from './processes/wait-until.ts';
import { readRunFile } from './run-file.ts';
import { startSystem, type System, type SystemOptions } from './start-system.ts';
import { startRedis } from './servers/redis.ts';
import { listenLocally } from './testing/listen-locally.ts';
import { standIn } from './testing/stand-in-parts.ts';
import { stoppedAfterTest } from './testing/stopped-after-test.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 120_000 });

function start(folder: string, options: Partial<SystemOptions> = {}): Promise<System> {
  return startSystem({
    root: folder,
    folder,
    services: [standIn('archive', 'ready'), standIn('web', 'ready')],
    durable: false,
    env: { PATH: process.env['PATH'], DATABASE_URL: 'postgres://outer', LOG_LEVEL: 'debug' },
    ...options,
  });
}

async function environmentOf(system: System, name: string): Promise<unknown> {
  const response = await fetch(`${system.urls[name]}/`);
  return response.json();
}

const PARTS = ['redis', 'nats', 'postgres', 'archive', 'web'];

const pidsOf = (system: System): number[] => PARTS.flatMap((name) => system.part(name).pid() ?? []);

test('a system starts, is recorded, heals and leaves nothing behind', async () => {
  const folder = await temporaryFolder();
  const lines: string[] = [];
  const prepared: string[] = [];
  const system = await stoppedAfterTest(
    start(folder, {
      say: (line) => lines.push(line),
      prepare: ({ databaseUrl }) => Promise.resolve(void prepared.push(databaseUrl)),
    }),
  );
  expect(prepared).toEqual([system.urls['postgres']]);
  expect(await environmentOf(system, 'web')).toMatchObject({
    AUTH_MODE: 'dev',
    SHARDS: '16',
    LOG_LEVEL: 'debug',
    RATE_LIMIT_USER_PER_S: '100000',
    PORT: String(system.ports['web']),
    JWT_SECRET: await readFile(join(folder, 'jwt-secret'), 'utf8'),
  });
  expect(await environmentOf(system, 'web')).not.toHaveProperty('DATABASE_URL');
  expect(await environmentOf(system, 'archive')).toHaveProperty('DATABASE_URL', prepared[0]);
  await waitUntil(() => lines.includes('web: a warning'), { withinMs: 5000, what: 'a warning' });

  expect((await readRunFile(join(folder, 'run.json')))?.urls).toEqual(system.urls);
  expect(Object.keys(system.urls)).toEqual(PARTS);
  const before = pidsOf(system);
  for (const name of ['redis', 'web']) process.kill(system.part(name).pid() ?? 0, 'SIGKILL');
  await waitUntil(() => pidsOf(system).length === 5 && pidsOf(system)[0] !== before[0], {
    withinMs: 10_000,
    what: 'the restart',
  });
  expect(lines).toContain('redis: ended by SIGKILL, starting again in 0.25 s');
  await environmentOf(system, 'web');

  const after = pidsOf(system);
  expect(after.every(isAlive)).toBe(true);
  await system.stop();
  expect(after.filter(isAlive)).toEqual([]);
  expect(await readRunFile(join(folder, 'run.json'))).toBeUndefined();
});

test('a folder has one system at a time; the record of a dead one does not count', async () => {
  const folder = await temporaryFolder();
  const dead = { launcher: `${process.pid}@1`, startedAt: '', urls: {} };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'run.json'), JSON.stringify(dead));
  await stoppedAfterTest(start(folder, { services: [] }));
  await expect(start(folder)).rejects.toThrow(
    new RegExp(`Outcry already runs on this folder, since .* \\(process ${process.pid}, see `),
  );
});

test('without restarts, parts are killed and started by hand', async () => {
  const folder = await temporaryFolder();
  const system = await stoppedAfterTest(start(folder, { restart: false }));
  const web = system.part('web');
  await web.kill();
  expect(web.pid()).toBeUndefined();
  await web.start();
  await environmentOf(system, 'web');
  expect(() => system.part('wbe')).toThrow('no part is called wbe; there are redis, nats');
});

test('a service that does not come up stops the rest and shows its log', async () => {
  const folder = await temporaryFolder();
  let servers: string[] = [];
  const starting = start(folder, {
    services: [standIn('web', 'broken')],
    async prepare() {
      servers = Object.values((await readRunFile(join(folder, 'run.json')))?.urls ?? {});
      expect(servers).toHaveLength(3);
    },
  });
  await expect(starting).rejects.toThrow(/web did not start.*\na mistake in the configuration/s);
  for (const url of servers) expect(await isPortFree(Number(new URL(url).port))).toBe(true);
  expect(await readRunFile(join(folder, 'run.json'))).toBeUndefined();
});

test('an interrupt ends a start that waits for a service', async () => {
  const interrupt = new AbortController();
  const starting = start(await temporaryFolder(), {
    services: [standIn('web', 'never-ready')],
    signal: interrupt.signal,
    say: (line) => {
      if (line.startsWith('web: a warning')) interrupt.abort(new Error('interrupted'));
    },
  });
  await expect(starting).rejects.toThrow('interrupted');
});

test('a server that is given is used, and left running', async () => {
  const redis = await stoppedAfterTest(startRedis({ dataDir: await temporaryFolder() }));
  const folder = await temporaryFolder();
  const system = await start(folder, { services: [], given: { redis: redis.url } });
  expect(system.urls['redis']).toBe(redis.url);
  expect(system.part('redis').pid()).toBeUndefined();
  await expect(system.part('redis').kill()).rejects.toThrow('redis was given by REDIS_URL');
  await system.stop();
  expect(redis.pid()).toBeDefined();

  const nowhere = { nats: `nats://127.0.0.1:${await freePort()}` };
  await expect(start(folder, { services: [], given: nowhere })).rejects.toThrow(
    /NATS_URL names 127.0.0.1:\d+, but nothing answers there/,
  );
});

test('a taken port of a service is named before anything starts', async () => {
  const other = createServer();
  const port = await listenLocally(other);
  onTestFinished(() => void other.close());
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  await expect(start(await temporaryFolder(), { ports: { web: port }, say })).rejects.toThrow(
    `Port ${port} of web is taken by another process.`,
  );
  expect(lines).toEqual([]);
});
