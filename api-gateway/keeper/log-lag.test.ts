import { expect, test } from 'vitest';
import { LagOfLooks, type LogLag } from './log-lag.ts';

const lag = (
  unpublished: number,
  seconds: number,
  unarchived = 0,
  archivedSeconds = 0,
): LogLag => ({
  unpublishedEvents: unpublished,
  unpublishedSeconds: seconds,
  unarchivedEvents: unarchived,
  unarchivedSeconds: archivedSeconds,
});

const BOTH = new Set([0, 1]);

test('events add up, the oldest counts and grows older, and only the last look at an auction', () => {
  const looks = new LagOfLooks();
  expect(looks.sum(0, BOTH)).toEqual(lag(0, 0));
  looks.saw('a0-one', { shard: 0, lag: lag(9, 9, 9, 9) }, 0);
  looks.saw('a0-one', { shard: 0, lag: lag(2, 1, 5, 4) }, 1_000);
  looks.saw('a1-two', { shard: 1, lag: lag(0, 0, 3, 2) }, 2_000);
  expect(looks.sum(3_000, BOTH)).toEqual(lag(2, 3, 8, 6));
  expect(looks.sum(3_000, new Set([1]))).toEqual(lag(0, 0, 3, 3));
  looks.published('a0-one');
  expect(looks.sum(3_000, BOTH)).toEqual(lag(0, 0, 8, 6));
  looks.saw('a0-one', undefined, 3_000);
  expect(looks.sum(4_000, BOTH)).toEqual(lag(0, 0, 3, 4));
});

test('what was not looked at for long is named, the longest first, and other shards forgotten', () => {
  const looks = new LagOfLooks();
  for (const [at, id] of ['a0-one', 'a1-two', 'a0-three', 'a0-four'].entries()) {
    looks.saw(id, { shard: Number(id[1]), lag: lag(1, 0) }, at);
  }
  looks.saw('a0-one', { shard: 0, lag: lag(1, 0) }, 4);
  expect(looks.outdated(4, new Set([0]), 1)).toEqual(['a0-three']);
  expect(looks.outdated(4, new Set([0]), 9)).toEqual(['a0-three', 'a0-four']);
  expect(looks.sum(9, BOTH).unpublishedEvents).toBe(3);
});
