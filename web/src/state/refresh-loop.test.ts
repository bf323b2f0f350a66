import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RefreshLoop } from './refresh-loop.ts';

const PAUSE_MS = 5_000;

/** As much of a page as the loop looks at. */
const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });

let loop: RefreshLoop | undefined;

function looping(work: () => Promise<void>): RefreshLoop {
  loop = new RefreshLoop(work, PAUSE_MS);
  loop.start();
  return loop;
}

function turn(visibilityState: 'visible' | 'hidden'): void {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', page);
  page.visibilityState = 'visible';
});

afterEach(() => {
  loop?.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('works at once and after each pause, until it is stopped', async () => {
  const work = vi.fn(async () => {});
  looping(work);
  await vi.advanceTimersByTimeAsync(2 * PAUSE_MS);
  expect(work).toHaveBeenCalledTimes(3);
  loop?.stop();
  turn('visible');
  await vi.advanceTimersByTimeAsync(2 * PAUSE_MS);
  expect(work).toHaveBeenCalledTimes(3);
});

it('asked while it works, it works once more, and never twice at a time', async () => {
  let atWork = 0;
  let most = 0;
  const work = vi.fn(async () => {
    atWork += 1;
    most = Math.max(most, atWork);
    await new Promise((resolve) => setTimeout(resolve, 100));
    atWork -= 1;
  });
  const asked = looping(work);
  for (let i = 0; i < 3; i += 1) void asked.now();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([work.mock.calls.length, most]).toEqual([2, 1]);
});

it('rests while nobody looks, and works as soon as somebody does', async () => {
  const work = vi.fn(async () => {});
  looping(work);
  await vi.advanceTimersByTimeAsync(0);
  turn('hidden');
  await vi.advanceTimersByTimeAsync(10 * PAUSE_MS);
  expect(work).toHaveBeenCalledTimes(1);
  turn('visible');
  await vi.advanceTimersByTimeAsync(0);
  expect(work).toHaveBeenCalledTimes(2);
});
