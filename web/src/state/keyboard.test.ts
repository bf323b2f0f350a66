import { expect, test } from 'vitest';
import { coveredBelow } from './keyboard.ts';

test('what a keyboard covers, also when the page was moved up behind it', () => {
  expect(coveredBelow({ height: 844, offsetTop: 0, scale: 1 }, 844)).toBe(0);
  expect(coveredBelow({ height: 508, offsetTop: 0, scale: 1 }, 844)).toBe(336);
  expect(coveredBelow({ height: 508, offsetTop: 200, scale: 1 }, 844)).toBe(136);
  expect(coveredBelow({ height: 508, offsetTop: 336, scale: 1 }, 844)).toBe(0);
});

test('a zoom is no keyboard', () => {
  expect(coveredBelow({ height: 422, offsetTop: 0, scale: 2 }, 844)).toBe(0);
});
