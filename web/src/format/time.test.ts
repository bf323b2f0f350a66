import { describe, expect, it } from 'vitest';
import { agoText, axisTimes, momentText } from './time.ts';

const NOW = Date.parse('2026-11-21T14:05:09Z');

it.each([
  [-2_000, 'just now'],
  [4_999, 'just now'],
  [42_000, '42 s ago'],
  [5 * 60_000, '5 min ago'],
  [3 * 3_600_000, '3 h ago'],
  [5 * 86_400_000, '5 d ago'],
])('%d ms before is %s', (passed, text) => {
  expect(agoText(NOW - passed, NOW)).toBe(text);
});

const moment = (at: string): string => momentText(Date.parse(at), NOW, 'en-GB', 'UTC');

it('names the year only when it is another one', () => {
  expect(moment('2026-11-21T14:05:00Z')).toBe('Sat 21 Nov, 14:05 UTC');
  expect(moment('2027-02-01T09:00:00Z')).toBe('Mon, 1 Feb 2027, 09:00 UTC');
});

it("goes by the reader's zone for the year too", () => {
  const at = Date.parse('2026-12-31T23:30:00Z');
  expect(momentText(at, NOW, 'en-GB', 'Europe/Berlin')).toBe('Fri, 1 Jan 2027, 00:30 CET');
  expect(momentText(at, NOW, 'en-US', 'America/New_York')).toBe('Thu, Dec 31, 06:30 PM EST');
});

it('tells apart the two hours of one name when the clocks are put back', () => {
  const before = Date.parse('2026-10-25T00:30:00Z');
  const texts = [before, before + 3_600_000].map((atMs) =>
    momentText(atMs, NOW, 'en-GB', 'Europe/Berlin'),
  );
  expect(texts).toEqual(['Sun 25 Oct, 02:30 CEST', 'Sun 25 Oct, 02:30 CET']);
});

const axis = (from: string, stepSeconds: number): string[] => {
  const start = Date.parse(from) / 1_000;
  return axisTimes(
    [0, 1, 2, 3].map((i) => start + i * stepSeconds),
    'en-GB',
    'Europe/Berlin',
  );
};

describe('axisTimes', () => {
  it('names the zone once, and again when the clocks were changed', () => {
    expect(axis('2026-11-21T12:00:00Z', 1_800)).toEqual(['13:00\nCET', '13:30', '14:00', '14:30']);
    expect(axis('2026-10-25T00:00:00Z', 1_800)).toEqual([
      '02:00\nCEST',
      '02:30',
      '02:00\nCET',
      '02:30',
    ]);
  });

  it('has seconds or dates where they are needed', () => {
    expect(axis('2026-11-21T12:00:00Z', 5)[1]).toBe('13:00:05');
    expect(axis('2026-11-20T23:00:00Z', 86_400)).toEqual([
      '21 Nov\nCET',
      '22 Nov',
      '23 Nov',
      '24 Nov',
    ]);
  });
});
