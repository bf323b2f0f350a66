import { expect, it } from 'vitest';
import { parseSession } from './stored-session.ts';

it('reads back what was kept', () => {
  const kept = { userId: 'ada', roles: ['bidder', 'admin'], token: 't', expiresAtMs: 5 };
  expect(parseSession(JSON.stringify(kept))).toEqual(kept);
});

const PROVIDER = {
  name: 'Ada',
  subject: 'auth0|7',
  lifeMs: 60_000,
  idToken: 'i',
  refreshToken: null,
};

it.each([PROVIDER, { ...PROVIDER, refreshToken: 'r' }])('reads back a provider’s', (provider) => {
  const kept = { userId: 'ada', roles: [], token: 't', expiresAtMs: 5, provider };
  expect(parseSession(JSON.stringify(kept))).toEqual(kept);
});

it.each([null, 7, {}, { ...PROVIDER, lifeMs: '1' }, { ...PROVIDER, refreshToken: 7 }])(
  'takes no session with %j as the provider’s part',
  (provider) => {
    const kept = { userId: 'ada', roles: [], token: 't', expiresAtMs: 5, provider };
    expect(parseSession(JSON.stringify(kept))).toBeNull();
  },
);

it.each([
  '',
  '{',
  'null',
  '7',
  '[]',
  '{"userId":"ada","token":"t","expiresAtMs":5}',
  '{"userId":"ada","roles":["king"],"token":"t","expiresAtMs":5}',
  '{"userId":"ada"}',
  '{"userId":1,"roles":[],"token":"t","expiresAtMs":5}',
])('takes nothing from %j', (text) => {
  expect(parseSession(text)).toBeNull();
});
