/** A Redis that hangs, or that cannot be reached any more, closes no connection. */
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem } from '../testing/test-system.ts';

const NOTICED_WITHIN_MS = 5_000;

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

async function untilStatus(worker: Service, status: number): Promise<number> {
  const began = performance.now();
  await until(`readyz says ${status}`, async () => {
    return (await fetch(`http://127.0.0.1:${worker.port}/readyz`)).status === status;
  });
  return performance.now() - began;
}

test('a Redis that hangs is noticed within 5 s, and found again when it goes on', async () => {
  const worker = await system.startWorker();
  await untilStatus(worker, 200);
  const pid = system.redis.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => {
    process.kill(pid, 'SIGCONT');
  });
  expect(await untilStatus(worker, 503)).toBeLessThan(NOTICED_WITHIN_MS);
  process.kill(pid, 'SIGCONT');
  await untilStatus(worker, 200);
});

test('a Redis whose packets are lost is noticed within 5 s', async () => {
  const link = await TcpLink.open(system.redis.port);
  onTestFinished(() => link.close());
  const worker = await system.startWorker({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
  await untilStatus(worker, 200);
  link.hold();
  expect(await untilStatus(worker, 503)).toBeLessThan(NOTICED_WITHIN_MS);
  link.release();
  await untilStatus(worker, 200);
});
