import { expect, it } from 'vitest';
import { figureText, shareText, spanText } from './figures.ts';

it('shows figures short', () => {
  const texts = [undefined, 0, 0.42, 3, 12.6, 1_204.2].map((value) => figureText(value, 'en-US'));
  expect(texts).toEqual(['–', '0', '0.4', '3', '13', '1,204']);
});

it('shows spans in the unit that fits', () => {
  const texts = [undefined, 0, 0.000_2, 0.035, 1.24, 42, 240, 86_400].map((value) =>
    spanText(value, 'en-US'),
  );
  expect(texts).toEqual(['–', '0 s', '< 1 ms', '35 ms', '1.2 s', '42 s', '4 min', '24 h']);
});

it('shows shares as percent', () => {
  expect([undefined, 0.042].map((share) => shareText(share, 'en-US'))).toEqual(['–', '4%']);
});
