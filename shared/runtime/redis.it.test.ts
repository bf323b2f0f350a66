import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisCluster } from '@outcry/local/servers/redis-cluster.ts';
import { redisCommand } from '@outcry/local/servers/redis-command.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { until } from '../testing/until.ts';
import { createLogger } from './logger.ts';
import { mastersOf, openRedis, openRedisOrCluster, untilReady } from './redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    firstKey(numberOfKeys: number, ...keys: string[]): Result<string, Context>;
  }
}

test('of a cluster, the connection to a master that hangs is given up within 5 s', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-redis-'));
  const cluster = await startRedisCluster({
    dataDir: folder,
    // The other masters do not notice: the connection alone has to.
    args: ['--cluster-node-timeout', '60000'],
  });
  const address = { REDIS_URL: cluster.url, REDIS_CLUSTER: true };
  const redis = openRedisOrCluster(address, 'test', createLogger('test', 'silent'));
  const hung = cluster.masters[1];
  const pid = hung?.pid() ?? 0;
  onTestFinished(async () => {
    process.kill(pid, 'SIGCONT');
    redis.disconnect();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });
  const isUsed = (): boolean =>
    mastersOf(redis).some(
      ({ options, status }) => options.port === hung?.port && status === 'ready',
    );
  await untilReady(redis, 10_000);
  await Promise.all(mastersOf(redis).map((master) => master.ping()));
  expect(isUsed()).toBe(true);

  process.kill(pid, 'SIGSTOP');
  const hungAt = performance.now();
  await until('it is given up', () => !isUsed());
  expect(performance.now() - hungAt).toBeLessThan(5_000);

  process.kill(pid, 'SIGCONT');
  await until('it is found again', async () => {
    await Promise.all(mastersOf(redis).map((master) => master.ping()));
    return isUsed();
  });
});

test('a process that stood still keeps its connection', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-redis-'));
  const server = await startRedis({ dataDir: folder });
  const redis = openRedis(server.url, 'test', createLogger('test', 'silent'));
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  let closed = 0;
  redis.on('close', () => (closed += 1));
  await untilReady(redis, 5_000);
  for (let i = 0; i < 2; i += 1) {
    const answer = redis.ping();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_500);
    expect(await answer).toBe('PONG');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
  expect(closed).toBe(0);
});

test('in a cluster without all of its slots, commands fail at once, or answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-redis-'));
  const settings = 'enabled yes|require-full-coverage no|announce-ip 127.0.0.1';
  const args = settings.split('|').flatMap((each) => `--cluster-${each}`.split(' '));
  const server = await startRedis({ dataDir: folder, args });
  const address = { REDIS_URL: server.url, REDIS_CLUSTER: true };
  const redis = openRedisOrCluster(address, 'test', createLogger('test', 'silent'), {
    enableAutoPipelining: true,
  });
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  await redisCommand(server, 'CLUSTER ADDSLOTSRANGE 0 8191');
  // The slots of these are 866 and 12222.
  const [served, unserved] = ['hello', 'y'];
  await expect(redis.get(served)).rejects.toThrow(/isn't writeable/);
  await untilReady(redis, 10_000);
  await until('a slot has its node', () =>
    redis.get(served).then(
      (value) => value === null,
      () => false,
    ),
  );
  await expect(redis.get(unserved)).rejects.toThrow(/isn't writeable/);
});

test('a script with any number of keys does not disturb what is sent to other nodes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-redis-'));
  const cluster = await startRedisCluster({ dataDir: folder });
  const address = { REDIS_URL: cluster.url, REDIS_CLUSTER: true };
  const redis = openRedisOrCluster(address, 'test', createLogger('test', 'silent'), {
    enableAutoPipelining: true,
  });
  onTestFinished(async () => {
    redis.disconnect();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });
  await untilReady(redis, 10_000);
  redis.defineCommand('firstKey', { lua: 'return KEYS[1]' });
  // Slots 9842, 866 and 3300: the first belongs to another node.
  const keys = ['1', 'hello', 'b'];
  // The client is ready before its connections to all nodes are.
  await until('every node answers', async () => {
    await Promise.all(keys.map((key) => redis.get(key)));
    return true;
  });
  const answers = [redis.get('1'), redis.firstKey(1, 'hello'), redis.firstKey(1, 'b')];
  expect(await Promise.all(answers)).toEqual([null, 'hello', 'b']);
});

test('a pipeline whose master is gone fails whole, and no later answer goes to another command', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-redis-'));
  const cluster = await startRedisCluster({
    dataDir: folder,
    // What is left of it goes on by itself.
    args: ['--cluster-node-timeout', '60000'],
  });
  const address = { REDIS_URL: cluster.url, REDIS_CLUSTER: true };
  const redis = openRedisOrCluster(address, 'test', createLogger('test', 'silent'), {
    enableAutoPipelining: true,
  });
  const [, hung, dead] = cluster.masters;
  const pid = hung?.pid() ?? 0;
  onTestFinished(async () => {
    process.kill(pid, 'SIGCONT');
    redis.disconnect();
    await cluster.stop();
    await rm(folder, { recursive: true });
  });
  await untilReady(redis, 10_000);
  // In order of their slots: 866, 9842, 12222.
  const [ofAlive, ofHung, ofDead] = ['hello', '1', 'y'];
  await until('the first node answers', () => redis.set(ofAlive, 'hers').then(() => true));
  process.kill(pid, 'SIGSTOP');
  const waiting = redis.get(ofHung).catch(() => 'no answer');
  await dead?.kill();
  await until('the dead node is known to be gone', () =>
    redis.get(ofDead).then(
      () => false,
      () => true,
    ),
  );
  for (let i = 0; i < 20; i += 1) {
    const pipeline = Array.from({ length: 5 }, () => redis.get(ofDead));
    const outcomes = await Promise.allSettled(pipeline);
    expect(outcomes.map(({ status }) => status)).toEqual(pipeline.map(() => 'rejected'));
  }
  for (let i = 0; i < 20; i += 1) {
    expect(await redis.set(`{${ofAlive}}${i}`, `${i}`)).toBe('OK');
    expect(await redis.get(ofAlive)).toBe('hers');
  }
  await waiting;
});
