import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ServerExit } from './servers/local-server.ts';
import { createSupervisor, type Part, type SupervisorOptions } from './supervisor.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

interface FakePart extends Part {
  starts: number;
  failStarts: boolean;
  die(): void;
}

function fakePart(name: string, order: string[] = []): FakePart {
  const listeners = new Set<(exit: ServerExit) => void>();
  let pid: number | undefined = 1;
  const end = (exit: ServerExit): void => {
    if (pid === undefined) return;
    pid = undefined;
    for (const listener of listeners) listener(exit);
  };
  const part: FakePart = {
    name,
    starts: 0,
    failStarts: false,
    pid: () => pid,
    start: () => {
      part.starts += 1;
      if (part.failStarts) return Promise.reject(new Error('no'));
      pid = part.starts + 1;
      return Promise.resolve();
    },
    stop: () => {
      if (pid !== undefined) order.push(name);
      end({ code: 0, signal: null, asked: true });
      return Promise.resolve();
    },
    kill: () => {
      part.die();
      return Promise.resolve();
    },
    onExit: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    die: () => end({ code: null, signal: 'SIGKILL', asked: false }),
  };
  return part;
}

function supervise(options: Partial<SupervisorOptions> = {}): {
  lines: string[];
  part: FakePart;
  kept: Part;
  supervisor: ReturnType<typeof createSupervisor>;
} {
  const lines: string[] = [];
  const supervisor = createSupervisor({ say: (line) => lines.push(line), ...options });
  const part = fakePart('a');
  return { lines, part, kept: supervisor.keep(part), supervisor };
}

test('a part that dies again and again is started after growing pauses, and says so', async () => {
  const { lines, part } = supervise({ longestPauseMs: 1000 });
  for (const pauseMs of [250, 500, 1000, 1000]) {
    const before = part.starts;
    part.die();
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(part.starts).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(part.starts).toBe(before + 1);
  }
  expect(lines.slice(0, 4)).toEqual([
    'a: ended by SIGKILL, starting again in 0.25 s',
    'a: runs again',
    'a: ended by SIGKILL, starting again in 0.5 s',
    'a: runs again',
  ]);
});

test('after half a minute in health the pause is short again', async () => {
  const { lines, part } = supervise();
  part.die();
  await vi.advanceTimersByTimeAsync(30_250);
  part.die();
  expect(lines.at(-1)).toBe('a: ended by SIGKILL, starting again in 0.25 s');
});

test('a start that fails is tried again', async () => {
  const { lines, part } = supervise();
  part.failStarts = true;
  part.die();
  await vi.advanceTimersByTimeAsync(250);
  expect(lines.at(-1)).toBe('a: no, starting again in 0.5 s');
  part.failStarts = false;
  await vi.advanceTimersByTimeAsync(500);
  expect(part.pid()).toBeDefined();
});

test('a part that was stopped stays down until its start', async () => {
  const { kept, part } = supervise();
  await kept.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(part.starts).toBe(0);
  await kept.start();
  expect(part.starts).toBe(1);
});

test('a start by hand takes the place of the one that is due', async () => {
  const { kept, part } = supervise();
  part.die();
  await kept.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(part.starts).toBe(1);
});

test('stopping ends all parts in reverse order, and none comes back', async () => {
  const order: string[] = [];
  const supervisor = createSupervisor({ say: () => {} });
  const parts = ['a', 'b', 'c'].map((name) => fakePart(name, order));
  for (const part of parts) supervisor.keep(part);
  parts[1]?.die();
  await supervisor.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(order).toEqual(['c', 'a']);
  expect(parts.map((part) => part.starts)).toEqual([0, 0, 0]);
});

test('without restarts a dead part stays dead', async () => {
  const { part } = supervise({ restart: false });
  part.die();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(part.starts).toBe(0);
});
