import { expect, it } from 'vitest';
import { tileArt } from './tile-art.ts';

const seeds = Array.from({ length: 200 }, (_, i) => `i${i % 16}-seed${i}`);

it('is the same for the same item and differs between items', () => {
  expect(tileArt('i7-abc')).toEqual(tileArt('i7-abc'));
  expect(new Set(seeds.map((seed) => JSON.stringify(tileArt(seed)))).size).toBeGreaterThan(190);
});

it('draws sound paths in sound colours', () => {
  for (const seed of seeds) {
    const { shapes } = tileArt(seed);
    expect(shapes.length).toBeGreaterThan(3);
    for (const { path, fill } of shapes) {
      expect(path).not.toMatch(/NaN|undefined|Infinity/u);
      expect(fill).toMatch(/^#[0-9a-f]{6}([0-9a-f]{2})?$/u);
    }
  }
});
