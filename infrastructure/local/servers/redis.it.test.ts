import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { isAlive } from '../processes/process-table.ts';
import { waitUntil } from '../processes/wait-until.ts';
import { redisInFakeDocker } from '../testing/fake-docker.ts';
import { listenLocally } from '../testing/listen-locally.ts';
import { stoppedAfterTest } from '../testing/stopped-after-test.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { ask } from './ask.ts';
import type { LocalServer, ServerExit } from './local-server.ts';
import { startRedis } from './redis.ts';

vi.setConfig({ testTimeout: 60_000 });

async function command(server: LocalServer, line: string): Promise<string> {
  const answer = await ask(server.port, `${line}\r\nQUIT\r\n`, (text) => text.endsWith('+OK\r\n'));
  return answer?.slice(0, -'+OK\r\n'.length) ?? 'no answer';
}

test('a killed Redis starts again on the same port with its data', async () => {
  const redis = await stoppedAfterTest(startRedis({ dataDir: await temporaryFolder() }));
  const exits: ServerExit[] = [];
  redis.onExit((exit) => exits.push(exit));
  await command(redis, 'SET kept yes');
  const before = redis.pid();

  await redis.kill();
  expect(redis.pid()).toBeUndefined();
  expect(before !== undefined && isAlive(before)).toBe(false);
  await redis.start();
  expect(redis.pid()).not.toBe(before);
  expect(await command(redis, 'GET kept')).toBe('$3\r\nyes\r\n');

  await redis.stop();
  await redis.start();
  expect(await command(redis, 'GET kept')).toBe('$3\r\nyes\r\n');
  expect(exits).toEqual([
    { code: null, signal: 'SIGKILL', asked: false },
    { code: 0, signal: null, asked: true },
  ]);
});

test('a Redis whose process somebody else kills starts again too', async () => {
  const redis = await stoppedAfterTest(startRedis({ dataDir: await temporaryFolder() }));
  const pid = redis.pid();
  if (pid === undefined) throw new Error('no process number');
  process.kill(pid, 'SIGKILL');
  await waitUntil(() => redis.pid() === undefined, { withinMs: 5000, what: 'the end' });
  await redis.start();
  expect(await command(redis, 'PING')).toBe('+PONG\r\n');
});

test('writes are fsynced, nothing is evicted, and options arrive', async () => {
  const redis = await stoppedAfterTest(
    startRedis({
      dataDir: await temporaryFolder(),
      maxmemory: '64mb',
      args: ['--cluster-enabled', 'yes'],
    }),
  );
  for (const [setting, value] of [
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['maxmemory-policy', 'noeviction'],
    ['save', ''],
    ['maxmemory', String(64 * 1024 * 1024)],
    ['cluster-enabled', 'yes'],
  ] as const) {
    expect(await command(redis, `CONFIG GET ${setting}`)).toContain(`\r\n${value}\r\n`);
  }
});

test('a taken port is named', async () => {
  const other = createServer();
  const port = await listenLocally(other);
  onTestFinished(() => void other.close());
  await expect(startRedis({ dataDir: await temporaryFolder(), port })).rejects.toThrow(
    `redis cannot start: port ${port} on 127.0.0.1 is taken by another process`,
  );
});

test('a Redis that does not come up shows the end of its log', async () => {
  const dataDir = await temporaryFolder();
  await expect(startRedis({ dataDir, args: ['--no-such-setting', '1'] })).rejects.toThrow(
    /redis did not start: redis ended while it was starting.*\n(.*\n)*.*no-such-setting/i,
  );
});

test('a container is killed, started again and stopped like a process', async () => {
  const folder = await temporaryFolder();
  const program = await redisInFakeDocker(folder);
  const redis = await stoppedAfterTest(startRedis({ dataDir: join(folder, 'redis'), program }));
  await command(redis, 'SET kept yes');
  const before = redis.pid();
  await redis.kill();
  expect(before !== undefined && isAlive(before)).toBe(false);
  await redis.start();
  expect(await command(redis, 'GET kept')).toBe('$3\r\nyes\r\n');
  const after = redis.pid();
  await redis.stop();
  expect(after !== undefined && isAlive(after)).toBe(false);
});
