import { expect, test } from 'vitest';
import { escapeText, linePlot, shortNumber, ticks } from './svg.ts';

test('ticks are round numbers that reach the highest value', () => {
  expect(ticks(93)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(ticks(0.7)).toHaveLength(5);
  expect(ticks(0)).toEqual([0, 1]);
});

test('a gap in the values is a gap in the line, and marks are shown', () => {
  const points = [1, 2, null, 4].map((y, x) => ({ x, y }));
  const plot = linePlot({
    title: 'a "plot"',
    xName: 'x',
    yName: 'y',
    lines: [{ name: 'p50', points }],
    marks: [{ name: 'nats dead', from: 1, to: 2 }],
  });
  const path = /<path class="line c0" d="([^"]+)"/.exec(plot)?.[1] ?? '';
  expect(path.match(/M/g)).toHaveLength(2);
  expect(plot).toContain('nats dead');
  expect(plot).toContain('aria-label="a &quot;plot&quot;"');
});

test('text is never markup', () => {
  expect(escapeText('<b>&"')).toBe('&lt;b&gt;&amp;&quot;');
});

test('numbers are short', () => {
  expect([1_234.5, 12.6, 3, 1.25, 0.251].map(shortNumber)).toEqual([
    '1,235',
    '13',
    '3',
    '1.25',
    '0.25',
  ]);
});
