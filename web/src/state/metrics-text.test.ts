import { expect, it } from 'vitest';
import { meanSince, parseFigures, rate, rise, total, type Look } from './metrics-text.ts';

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
