/** A Redis that hangs, or that cannot be reached any more, closes no connection. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { startTestBroadcasters, type TestBroadcasters } from './testing/test-broadcaster.ts';

const NOTICED_WITHIN_MS = 5_000;

let stage: TestBroadcasters;

beforeAll(async () => {
  stage = await startTestBroadcasters();
});
afterAll(() => stage.stop());

async function untilStatus(url: string, status: number): Promise<number> {
  const began = performance.now();
  await until(`readyz says ${status}`, async () => {
    return (await fetch(`${url}/readyz`)).status === status;
  });
  return performance.now() - began;
}

test('a Redis that hangs is noticed within 5 s, and found again when it goes on', async () => {
  const { url } = await stage.start();
  const pid = stage.redisServer.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => {
    process.kill(pid, 'SIGCONT');
  });
  expect(await untilStatus(url, 503)).toBeLessThan(NOTICED_WITHIN_MS);
  process.kill(pid, 'SIGCONT');
  await untilStatus(url, 200);
});

test('a Redis whose packets are lost is noticed within 5 s', async () => {
  const link = await TcpLink.open(stage.redisServer.port);
  onTestFinished(() => link.close());
  const { url } = await stage.start({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
  link.hold();
  expect(await untilStatus(url, 503)).toBeLessThan(NOTICED_WITHIN_MS);
  link.release();
  await untilStatus(url, 200);
});
