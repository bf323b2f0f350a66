import { expect, it } from 'vitest';
import { agoText, clockText, momentText } from './time.ts';

const NOW = Date.parse('2026-11-21T14:05:09Z');

it.each([
  [-2_000, 'just now'],
  [4_999, 'just now'],
  [42_000, '42 s ago'],
  [5 * 60_000, '5 min ago'],
  [3 * 3_600_000, '3 h ago'],
  [5 * 86_400_000, 'Nov 16'],
])('%d ms before is %s', (passed, text) => {
  expect(agoText(NOW - passed, NOW, 'en-US', 'UTC')).toBe(text);
});

const moment = (at: string): string => momentText(Date.parse(at), NOW, 'en-GB', 'UTC');

it('names the year only when it is another one', () => {
  expect(moment('2026-11-21T14:05:00Z')).toBe('Sat 21 Nov, 14:05');
  expect(moment('2027-02-01T09:00:00Z')).toBe('Mon, 1 Feb 2027, 09:00');
});

it('tells the time of day with seconds', () => {
  expect(clockText(NOW, 'en-GB', 'UTC')).toBe('14:05:09');
});
