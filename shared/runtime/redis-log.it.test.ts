import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis } from '@outcry/local/servers/redis.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { createLogger } from './logger.ts';
import { readStream, type StreamEntry } from './redis-log.ts';
import { openRedis, untilReady, type RedisClient } from './redis.ts';

let folder: string;
let server: LocalServer;
let redis: RedisClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-redis-log-'));
  server = await startRedis({ dataDir: folder });
  redis = openRedis(server.url, 'test', createLogger('test', 'silent'));
  await untilReady(redis, 5_000);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

async function write(key: string, sizes: readonly number[]): Promise<void> {
  await Promise.all(
    sizes.map((size, i) => redis.xadd(key, `${i + 1}-0`, 'events', 'x'.repeat(size))),
  );
}

async function portions(key: string, from = '-'): Promise<(readonly StreamEntry[])[]> {
  const read = [];
  for await (const portion of readStream(redis, key, from)) read.push(portion);
  return read;
}

const sizeOf = (portion: readonly StreamEntry[]): number =>
  portion.reduce((sum, { size }) => sum + size, 0);

test('large entries come in small portions', async () => {
  await write(
    'large',
    Array.from({ length: 200 }, () => 60_000),
  );
  const read = await portions('large');
  expect(read.flat()).toHaveLength(200);
  expect(Math.max(...read.map(sizeOf))).toBeLessThan(300_000);
});

test('small entries come many at a time', async () => {
  await write(
    'small',
    Array.from({ length: 2_000 }, () => 700),
  );
  const read = await portions('small');
  expect(read.flat().map(({ id }) => id)).toEqual(
    Array.from({ length: 2_000 }, (_, i) => `${i + 1}-0`),
  );
  expect(read.length).toBeLessThan(10);
});

test('reading begins where it is told to; of nothing comes nothing', async () => {
  await write('part', [10, 10, 10]);
  expect((await portions('part', '(1-0')).flat().map(({ id }) => id)).toEqual(['2-0', '3-0']);
  expect(await portions('part', '(3-0')).toEqual([]);
  expect(await portions('none')).toEqual([]);
});
