import { expect, test } from 'vitest';
import { signToken } from '../testing/sign-token.ts';
import { isCompactToken } from './token-form.ts';

const SECRET = 'a-secret-that-only-this-test-knows-0123456789';

test('a signed token has one form, whatever its length', () => {
  for (let length = 1; length <= 64; length += 1) {
    const token = signToken(SECRET, 'u'.repeat(length), ['bidder']);
    expect([token, isCompactToken(token)]).toEqual([token, true]);
  }
});

test('no other way of writing its bytes is taken', () => {
  const token = signToken(SECRET, 'ann', ['bidder']);
  const [head = '', payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  // 32 bytes leave two bits of the last digit unused.
  const lastDigits = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
  const same = lastDigits
    .map((digit) => signature.slice(0, -1) + digit)
    .filter((text) => Buffer.from(text, 'base64url').equals(bytes) && text !== signature);
  expect(same).toHaveLength(3);
  for (const other of [
    ...same.map((text) => `${head}.${payload}.${text}`),
    `${token}=`,
    `${head}.${payload}. ${signature}`,
    `${head}.${payload}.${signature}\n`,
    ` ${token}`,
    `${head}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`,
    `${token}.`,
    `${head}.${payload}`,
  ]) {
    if (other === token) continue;
    expect([other, isCompactToken(other)]).toEqual([other, false]);
  }
});
