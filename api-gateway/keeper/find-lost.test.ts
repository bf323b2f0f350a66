import { describe, expect, test } from 'vitest';
import { FindLost, REPORT_GRACE_MS } from './find-lost.ts';
import type { ConsumerProgress } from './consumer-progress.ts';

const ID = 'a1-x';
const marks = (publishedSeq: number, archivedSeq: number) => ({ publishedSeq, archivedSeq });
const at = (acknowledgedSeq: number, lastSeq: number, streamId = 'first'): ConsumerProgress => ({
  streamId,
  lastSeq,
  acknowledgedSeq,
});

/** Asks, asks again for the proof, and once more when the report must have arrived. */
function lost(
  find: FindLost,
  asked: ReturnType<typeof marks>,
  progress: ConsumerProgress,
  now: number,
): number | undefined {
  find.lostUpTo(ID, asked, progress, now);
  find.lostUpTo(ID, asked, progress, now + 1);
  return find.lostUpTo(ID, asked, progress, now + 1 + REPORT_GRACE_MS);
}

describe('entries are lost', () => {
  test('when everything that was in the stream is acknowledged and they are not archived', () => {
    const find = new FindLost();
    expect(lost(find, marks(10, 4), at(50, 100), 0)).toBeUndefined();
    expect(lost(find, marks(12, 4), at(99, 110), 10_000)).toBeUndefined();
    // Up to 10, not 12: the last two may have come after the question.
    expect(lost(find, marks(12, 4), at(100, 120), 20_000)).toBe(10);
  });

  test('but only when the report of the archive had time to arrive', () => {
    const find = new FindLost();
    expect(find.lostUpTo(ID, marks(10, 4), at(100, 100), 0)).toBeUndefined();
    expect(find.lostUpTo(ID, marks(10, 4), at(100, 100), 1)).toBeUndefined();
    expect(find.lostUpTo(ID, marks(10, 4), at(100, 100), REPORT_GRACE_MS)).toBeUndefined();
    expect(find.lostUpTo(ID, marks(10, 4), at(100, 100), REPORT_GRACE_MS + 1)).toBe(10);
  });

  test('with a stream that was made anew, which holds fewer or more messages', () => {
    for (const lastSeq of [0, 500]) {
      const find = new FindLost();
      lost(find, marks(10, 4), at(0, 100), 0);
      expect(lost(find, marks(10, 4), at(0, lastSeq, 'second'), 10_000)).toBe(
        lastSeq === 0 ? 10 : undefined,
      );
      expect(lost(find, marks(10, 4), at(lastSeq, lastSeq, 'second'), 20_000)).toBe(10);
    }
  });

  test('with a stream that forgot its newest messages', () => {
    const find = new FindLost();
    lost(find, marks(10, 4), at(0, 100), 0);
    expect(lost(find, marks(10, 4), at(90, 90), 10_000)).toBe(10);
  });
});

describe('entries are not lost', () => {
  test('while nothing that was published is missing', () => {
    const find = new FindLost();
    for (let now = 0; now < 60_000; now += 5_000) {
      expect(lost(find, marks(10, 10), at(100, 100), now)).toBeUndefined();
    }
  });

  test('while the archive moves on: the question starts again', () => {
    const find = new FindLost();
    for (let seq = 1; seq < 9; seq += 1) {
      expect(find.lostUpTo(ID, marks(10, seq), at(100, 100), seq * 5_000)).toBeUndefined();
    }
  });
});

test('each repair that did not help is followed by a longer pause', () => {
  const find = new FindLost();
  const repairs: number[] = [];
  for (let now = 0; now < 20 * 60_000; now += 1_000) {
    if (find.lostUpTo(ID, marks(10, 4), at(100, 100), now) === undefined) continue;
    repairs.push(now);
    find.repaired(ID, now);
  }
  const pauses = repairs.slice(1).map((now, i) => now - (repairs[i] ?? 0));
  expect(pauses.length).toBeGreaterThan(5);
  expect(pauses[0]).toBeLessThanOrEqual(12_000);
  for (const [i, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(pauses[i - 1] ?? 0);
    expect(pause).toBeLessThanOrEqual(5 * 60_000 + 12_000);
  }
});

test('a repair that helped is forgotten: the next one comes soon', () => {
  const find = new FindLost();
  for (let i = 0; i < 5; i += 1) {
    const now = i * 1_000_000;
    lost(find, marks(10, 4), at(100, 100), now);
    lost(find, marks(10, 4), at(100, 100), now + 20_000);
    find.repaired(ID, now + 30_000);
  }
  const later = 10_000_000;
  find.lostUpTo(ID, marks(20, 10), at(100, 100), later);
  expect(lost(find, marks(20, 10), at(100, 100), later + 1_000)).toBe(20);
});
