/** Webhooks in words. */
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import type {
  DeliveryStatus,
  WebhookDelivery,
  WebhookEvent,
} from '@outcry/shared/contracts/webhooks.ts';
import type { RefusalWords } from '../format/refusals.ts';
import { deskRefusalWords } from './commands.ts';

export const EVENT_WORDS: Readonly<Record<WebhookEvent, string>> = {
  'auction.started': 'An auction starts',
  'auction.ended': 'An auction ends',
  'auction.cancelled': 'An auction is cancelled',
  'bid.accepted': 'A bid is accepted',
  'bidder.outbid': 'A bidder is outbid',
  'bidder.won': 'A bidder wins',
  'sale.ended': 'A sale ended',
};

export const eventWords = (type: WebhookDelivery['type']): string =>
  type === 'auction.rolled_back' ? 'What was told is taken back' : EVENT_WORDS[type];

export const STATUS_WORDS: Readonly<Record<DeliveryStatus, string>> = {
  pending: 'Waiting',
  delivered: 'Delivered',
  dead: 'Given up',
};

/** What came of the newest attempt: the answer, and how long it took. */
export function attemptText({ attempts, lastAttempt }: WebhookDelivery): string {
  if (lastAttempt === null) return attempts === 0 ? 'not sent yet' : 'being sent';
  const { status, error, ms } = lastAttempt;
  const what = status === null ? (error ?? 'no answer') : `status ${status}`;
  const often = attempts === 1 ? '' : `, ${attempts} attempts`;
  return `${what} in ${ms.toLocaleString()} ms${often}`;
}

export function webhookRefusalWords(problem: Problem): RefusalWords {
  switch (problem.code) {
    case 'QUOTA_REACHED':
      return {
        title: 'You have as many webhooks as you may',
        advice: 'Delete one that is of no more use, then add this one.',
      };
    case 'IDEMPOTENCY_MISMATCH':
      return {
        title: 'Nothing was added',
        advice: 'This differs from your first try. Send it once more.',
      };
    default:
      return deskRefusalWords(problem);
  }
}
