import { afterEach, expect, test, vi } from 'vitest';
import { countedSince, totals } from './metrics.ts';

afterEach(() => vi.unstubAllGlobals());

const METRICS = `# TYPE outcry_commands_total counter
outcry_commands_total{result="OK"} 1.5e6
outcry_commands_total{result="BID_TOO_LOW"} 2
# TYPE outcry_commands_waiting gauge
outcry_commands_waiting 3
`;

test('what several processes counted is summed, and what was never counted is nothing', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(METRICS)));
  const figures = await totals(['http://one', 'http://two'], {
    decided: ['outcry_commands_total'],
    ok: ['outcry_commands_total', { result: 'OK' }],
    ended: ['outcry_commands_total', { result: 'AUCTION_ENDED' }],
    waiting: ['outcry_commands_waiting'],
  });
  expect(figures).toEqual({ decided: 3_000_004, ok: 3_000_000, ended: 0, waiting: 6 });
});

test('what happened between two readings', () => {
  const before = { ok: 10, tooLow: 2, calls: 4, commands: 12 };
  const after = { ok: 1.5e6, tooLow: 2, calls: 6, commands: 30 };
  expect(countedSince(before, after)).toEqual({
    ok: 1_499_990,
    tooLow: 0,
    calls: 2,
    commands: 18,
  });
});

test('from nothing where there were no commands yet', () => {
  const after = { ok: 1, tooLow: 2 };
  expect(countedSince({ ok: 0, tooLow: 0 }, after)).toEqual(after);
});
