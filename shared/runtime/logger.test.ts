import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

test.each([
  ['warn', 'warn'],
  ['silent', 'silent'],
  ['', 'info'],
  ['loud', 'info'],
  ['constructor', 'info'],
])('LOG_LEVEL "%s" makes a logger that says %s', (level, expected) => {
  expect(createLogger('a-service', level).level).toBe(expected);
});
