import { expect, it } from 'vitest';
import { metricIn } from './service-metrics.ts';

const METRICS = `# HELP bids_total Bids.
# TYPE bids_total counter
bids_total{service="gateway",result="OK"} 7
bids_total{service="gateway",result="BID_TOO_LOW"} 2
bids_total_seconds{service="gateway"} 100
memory_bytes 1.5e+6
`;

it.each([
  ['bids_total', '', 9],
  ['bids_total', 'result="OK"', 7],
  ['memory_bytes', '', 1_500_000],
  ['bids', '', 0],
])('finds %s with %j: %d', (name, label, sum) => {
  expect(metricIn(METRICS, name, label)).toBe(sum);
});
