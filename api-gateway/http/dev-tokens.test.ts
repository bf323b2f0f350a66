import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { devTokenSigner } from './dev-tokens.ts';

test('the answer and the token name the same expiry', async () => {
  const { token, expiresAt } = await devTokenSigner('x'.repeat(32))('ann', ['bidder']);
  expect((decodeJwt(token).exp ?? 0) * 1000).toBe(Date.parse(expiresAt));
});
