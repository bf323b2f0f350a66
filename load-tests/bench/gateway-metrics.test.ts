import { describe, expect, it } from 'vitest';
import { countersSince, parseCounters } from './gateway-metrics.ts';

const metrics = (ok: number, low: number, calls: number, commands: number): string => `
# HELP outcry_commands_total Commands decided, by result
# TYPE outcry_commands_total counter
outcry_commands_total{result="OK",service="api-gateway"} ${ok}
outcry_commands_total{service="api-gateway",result="BID_TOO_LOW"} ${low}
# TYPE outcry_batch_commands histogram
outcry_batch_commands_bucket{le="1",service="api-gateway"} 3
outcry_batch_commands_sum{service="api-gateway"} ${commands}
outcry_batch_commands_count{service="api-gateway"} ${calls}
`;

describe('gateway counters', () => {
  it('tells what happened between two readings', () => {
    const before = parseCounters(metrics(10, 2, 4, 12));
    const after = parseCounters(metrics(1.5e6, 2, 6, 30));
    const { byResult, calls, commands } = countersSince(before, after);
    expect([...byResult]).toEqual([['OK', 1_499_990]]);
    expect([calls, commands]).toEqual([2, 18]);
  });

  it('counts from nothing where there were no commands yet', () => {
    const { byResult } = countersSince(parseCounters(''), parseCounters(metrics(1, 2, 1, 3)));
    expect([...byResult]).toEqual([
      ['OK', 1],
      ['BID_TOO_LOW', 2],
    ]);
  });
});
