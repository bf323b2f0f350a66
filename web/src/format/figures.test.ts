import { expect, it } from 'vitest';
import { figureText, spanText } from './figures.ts';

it('shows figures short', () => {
  const texts = [undefined, 0, 0.42, 3, 12.6, 1_204.2].map((value) => figureText(value, 'en-US'));
  expect(texts).toEqual(['–', '0', '0.4', '3', '13', '1,204']);
});

it('shows spans in the unit that fits', () => {
  const texts = [undefined, 0.035, 1.24, 42, 240].map((value) => spanText(value, 'en-US'));
  expect(texts).toEqual(['–', '35 ms', '1.2 s', '42 s', '4 min']);
});
