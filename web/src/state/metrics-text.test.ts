import { describe, expect, it } from 'vitest';
import {
  meanSince,
  parseFigures,
  quantileSince,
  rate,
  rise,
  total,
  type Look,
} from './metrics-text.ts';

const look = (atMs: number, text: string): Look => ({ atMs, figures: parseFigures(text) });

const BEFORE = look(
  1_000,
  `# HELP commands_total Commands decided
# TYPE commands_total counter
commands_total{result="OK",service="g"} 100
commands_total{result="BID_TOO_LOW",service="g"} 7
lag_seconds_sum{service="w"} 2.5
lag_seconds_count{service="w"} 10
waiting 3
nonsense{ 4
broken NaN`,
);
const NOW = look(
  3_000,
  `commands_total{result="OK",service="g"} 150
commands_total{result="BID_TOO_LOW",service="g"} 9
lag_seconds_sum{service="w"} 3.5
lag_seconds_count{service="w"} 15`,
);

it('adds up what differs in labels only', () => {
  expect(total(BEFORE.figures, 'commands_total')).toBe(107);
  expect(total(BEFORE.figures, 'commands_total', 'result="OK"')).toBe(100);
  expect(total(BEFORE.figures, 'waiting')).toBe(3);
  expect(total(BEFORE.figures, 'absent')).toBe(0);
  expect(BEFORE.figures).toHaveLength(5);
});

it('knows rates and means between two looks', () => {
  expect(rate(BEFORE, NOW, 'commands_total')).toBe(26);
  expect(rate(NOW, NOW, 'commands_total')).toBe(0);
  expect(meanSince(BEFORE, NOW, 'lag_seconds')).toBeCloseTo(0.2);
  expect(meanSince(NOW, NOW, 'lag_seconds')).toBeUndefined();
});

it('counts from zero after a restart', () => {
  const restarted = look(5_000, 'commands_total{result="OK",service="g"} 12');
  expect(rise(NOW, restarted, 'commands_total')).toBe(12);
});

const histogram = (...[upTo1, upTo2, upTo15, all]: [number, number, number, number]): Look =>
  look(
    0,
    `late_bucket{le="1",service="g"} ${upTo1}
late_bucket{le="2.5",service="g"} ${upTo2}
late_bucket{le="15",service="g"} ${upTo15}
late_bucket{le="+Inf",service="g"} ${all}
late_count{service="g"} ${all}`,
  );

describe('quantileSince', () => {
  it('spreads what came between two looks evenly within its bucket', () => {
    const before = histogram(100, 100, 100, 100);
    const p99 = (now: Look) => quantileSince(before, now, 'late', 0.99);
    expect(p99(histogram(200, 200, 200, 200))).toBeCloseTo(0.99);
    expect(p99(histogram(199, 200, 200, 200))).toBe(1);
    expect(p99(histogram(198, 200, 200, 200))).toBeCloseTo(1.75);
    expect(p99(before)).toBeUndefined();
  });

  it('knows nothing above the highest bound', () => {
    expect(quantileSince(histogram(0, 0, 0, 0), histogram(1, 1, 1, 3), 'late', 0.5)).toBe(15);
  });
});
