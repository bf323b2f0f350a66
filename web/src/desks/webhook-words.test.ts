import { expect, it } from 'vitest';
import { clientProblem } from '@outcry/client/outcry-error.ts';
import type { WebhookDelivery } from '@outcry/shared/contracts/webhooks.ts';
import { attemptText, webhookRefusalWords } from './webhook-words.ts';

const at = '2026-01-05T18:05:00.300Z';
const DELIVERY: WebhookDelivery = {
  id: 'msg_x',
  type: 'bidder.won',
  auctionId: 'a7-lamp',
  epoch: 1,
  seq: 12,
  status: 'pending',
  at,
  attempts: 1,
  lastAttempt: null,
  deliveredAt: null,
};

it.each([
  [{ attempts: 0 }, 'not sent yet'],
  [{}, 'being sent'],
  [{ lastAttempt: { at, ms: 41, status: 204, error: null } }, 'status 204 in 41 ms'],
  [
    { attempts: 3, lastAttempt: { at, ms: 9, status: null, error: 'connection refused' } },
    'connection refused in 9 ms, 3 attempts',
  ],
])('%j is %s', (facts, text) => {
  expect(attemptText({ ...DELIVERY, ...facts })).toBe(text);
});

it('does not speak of listings when there are too many webhooks', () => {
  const { title } = webhookRefusalWords(clientProblem('QUOTA_REACHED', ''));
  expect(title).toContain('webhooks');
});
