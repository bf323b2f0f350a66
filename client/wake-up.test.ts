import { afterEach, expect, it, vi } from 'vitest';
import { onWakeUp } from './wake-up.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('notices that time has passed without it', () => {
  vi.useFakeTimers();
  const call = vi.fn();
  const end = onWakeUp(call);
  vi.advanceTimersByTime(60_000);
  expect(call).not.toHaveBeenCalled();
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(20_000);
  expect(call).toHaveBeenCalledTimes(1);
  end();
  vi.setSystemTime(Date.now() + 3_600_000);
  vi.advanceTimersByTime(20_000);
  expect(call).toHaveBeenCalledTimes(1);
});
