import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { devTokenSigner } from './dev-tokens.ts';

test('the answer and the token name the same expiry and lifetime', async () => {
  const { token, expiresAt, expiresIn } = await devTokenSigner('x'.repeat(32))('ann', ['bidder']);
  const { iat = 0, exp = 0 } = decodeJwt(token);
  expect(exp * 1000).toBe(Date.parse(expiresAt));
  expect(Math.abs(exp - iat - expiresIn)).toBeLessThanOrEqual(1);
});
