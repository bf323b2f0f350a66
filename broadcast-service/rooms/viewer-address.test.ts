import { expect, it } from 'vitest';
import { viewerAddress } from './viewer-address.ts';

it('believes as many proxies as are trusted, and nobody else', () => {
  expect(viewerAddress('10.0.0.9', '1.2.3.4', 0)).toBe('10.0.0.9');
  expect(viewerAddress('10.0.0.9', undefined, 1)).toBe('10.0.0.9');
  expect(viewerAddress('10.0.0.9', '6.6.6.6, 1.2.3.4', 1)).toBe('1.2.3.4');
  expect(viewerAddress('10.0.0.9', '6.6.6.6, 1.2.3.4, 10.0.0.8', 2)).toBe('1.2.3.4');
  expect(viewerAddress('10.0.0.9', '1.2.3.4', 2)).toBe('10.0.0.9');
});
