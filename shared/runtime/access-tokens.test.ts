import { expect, test } from 'vitest';
import { verifiedTokens, type Caller } from './access-tokens.ts';

const callerWith = (...roles: string[]): Caller => ({
  userId: 'ann',
  roles: new Set(roles),
  expiresAt: 0,
  mark: '0123456789012345678901',
  signedInAt: 0,
});

test('a token in use stays, however many others come', () => {
  const tokens = verifiedTokens(100_000);
  tokens.set('hot', callerWith('bidder'));
  for (let i = 0; i < 1_000; i += 1) {
    tokens.set(`once-${i}`, callerWith('bidder'));
    expect(tokens.get('hot')).toBeDefined();
  }
  expect(tokens.has('once-0')).toBe(false);
  expect(tokens.size).toBeLessThan(250);
});

test('large tokens take the room of many', () => {
  const tokens = verifiedTokens(100_000);
  const long = Array.from({ length: 80 }, (_, i) => `${i}`.padEnd(100, 'x'));
  for (let i = 0; i < 100; i += 1) tokens.set(`large-${i}`, callerWith(...long));
  expect(tokens.size).toBeLessThan(5);
});
