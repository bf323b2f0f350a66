import { describe, expect, it } from 'vitest';
import { countdown, extensionText, lastMinuteShare } from './countdown.ts';

const S = 1_000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

describe('countdown', () => {
  it.each([
    [2 * D + 4 * H + 59 * M, '2d 4h', 'calm'],
    [D, '1d 0h', 'calm'],
    [D - 1, '23h 59m', 'calm'],
    [3 * H + 5 * M, '3h 05m', 'calm'],
    [H - 1, '59m 59s', 'calm'],
    [5 * M + 1, '5m 00s', 'calm'],
    [5 * M, '5m 00s', 'soon'],
    [M, '1m 00s', 'soon'],
    [M - 1, '60s', 'urgent'],
    [42 * S, '42s', 'urgent'],
    [1, '1s', 'urgent'],
    [0, '0s', 'over'],
    [-5 * S, '0s', 'over'],
  ])('%d ms is %s, %s', (remaining, text, mood) => {
    expect(countdown(remaining)).toMatchObject({ text, mood });
  });

  it('counts tenths in the last ten seconds where asked to', () => {
    expect(countdown(10 * S, true).text).toBe('10s');
    expect(countdown(9_999, true).text).toBe('10.0s');
    expect(countdown(9_340, true).text).toBe('9.4s');
    expect(countdown(1, true).text).toBe('0.1s');
  });

  it('never shows zero while there is time, and says it in words', () => {
    expect(countdown(1).spoken).toBe('1 second');
    expect(countdown(3 * H + 5 * M).spoken).toBe('3 hours 5 minutes');
    expect(countdown(D).spoken).toBe('1 day');
  });
});

describe('lastMinuteShare', () => {
  it('runs from one to zero in the last minute only', () => {
    expect([M + 1, M, 30 * S, 0, -S].map(lastMinuteShare)).toEqual([undefined, 1, 0.5, 0, 0]);
  });
});

describe('extensionText', () => {
  it.each([
    [11_400, '+11s'],
    [30 * S, '+30s'],
    [2 * M, '+2m'],
    [90 * S, '+1m 30s'],
    [H, '+1h'],
    [90 * M, '+1h 30m'],
  ])('%d ms is %s', (added, text) => {
    expect(extensionText(added)).toBe(text);
  });
});
