import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eachWithLimit } from './each-with-limit.ts';

it('keeps the order of the items and the limit', async () => {
  let running = 0;
  let most = 0;
  const results = await eachWithLimit([5, 1, 4, 2, 3], 2, async (item, index) => {
    most = Math.max(most, (running += 1));
    await pause(item);
    running -= 1;
    return `${index}:${item}`;
  });
  expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3']);
  expect(most).toBe(2);
});

it('begins nothing after a failure and waits for what is under way', async () => {
  const begun: number[] = [];
  let finished = 0;
  const all = eachWithLimit([1, 2, 3, 4], 2, async (item) => {
    begun.push(item);
    if (item === 1) throw new Error('the first fails');
    await pause(10);
    finished += 1;
  });
  await expect(all).rejects.toThrow('the first fails');
  expect(begun).toEqual([1, 2]);
  expect(finished).toBe(1);
});
