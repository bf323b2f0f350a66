import { expect, it } from 'vitest';
import { parseSession } from './stored-session.ts';

it('reads back what was kept', () => {
  const kept = { userId: 'ada', token: 't', expiresAtMs: 5 };
  expect(parseSession(JSON.stringify(kept))).toEqual(kept);
});

it.each([
  '',
  '{',
  'null',
  '7',
  '[]',
  '{"userId":"ada"}',
  '{"userId":1,"token":"t","expiresAtMs":5}',
])('takes nothing from %j', (text) => {
  expect(parseSession(text)).toBeNull();
});
