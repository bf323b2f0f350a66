import { expect, test } from 'vitest';
import type { StreamBacklog } from '../adapters/nats/event-consumer.ts';
import { drainStream } from './drain-stream.ts';

const QUICK = { settleMs: 0, stuckMs: 10_000, askEveryMs: 5 };

/** A stream whose newest message is number 7, with these counts of messages left, one a question. */
function stream(counts: readonly number[]): StreamBacklog & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    newestMessage: () => Promise.resolve(7),
    leftUpTo: (message) => {
      asked.push(message);
      return Promise.resolve(counts[Math.min(asked.length, counts.length) - 1] ?? 0);
    },
  };
}

test('waits until all messages up to the newest one are archived, and tells of progress', async () => {
  const told: number[] = [];
  const draining = stream([9, 9, 4, 0]);
  await drainStream(draining, (left) => told.push(left), QUICK);
  expect(draining.asked).toEqual([7, 7, 7, 7]);
  expect(told).toEqual([9, 4]);
});

test('the newest message is looked up only after publications had time to arrive', async () => {
  const startedAt = performance.now();
  let newestAt = 0;
  const late: StreamBacklog = {
    newestMessage: () => {
      newestAt = performance.now();
      return Promise.resolve(1);
    },
    leftUpTo: () => Promise.resolve(0),
  };
  await drainStream(late, () => undefined, { ...QUICK, settleMs: 50 });
  expect(newestAt - startedAt).toBeGreaterThan(45);
});

test('gives up when nothing is archived any more, not when it is only slow', async () => {
  const impatient = { ...QUICK, stuckMs: 60 };
  await expect(drainStream(stream([5]), () => undefined, impatient)).rejects.toThrow(
    '5 messages in JetStream could not be archived',
  );
  // Every question brings it on by one, for longer than the limit for standing still.
  const slow = Array.from({ length: 40 }, (_, i) => 40 - i - 1);
  await drainStream(stream(slow), () => undefined, impatient);
});
