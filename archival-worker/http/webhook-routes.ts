import {
  webhookDelivery,
  webhookDeliveryPage,
  webhookListQuery,
  webhookPage,
  webhookRequest,
  webhookWithSecret,
} from '@outcry/shared/contracts/webhook-schemas.ts';
import type { Webhook, WebhookDelivery } from '@outcry/shared/contracts/webhooks.ts';
import { emptyRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import {
  answerJson,
  setHeader,
  type Exchange,
  type HttpAnswer,
} from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import {
  deliveriesOf,
  listWebhooks,
  MOST_WEBHOOKS,
  redeliver,
  registerWebhook,
  removeWebhook,
  rotateSecret,
  type Replayed,
} from '../history/webhooks.ts';
import type { HistoryParts } from './history-parts.ts';

const params = { id: ID_PATTERN };

const WEBHOOK: Webhook = {
  id: 'wh_pX3uM0bQy1Vw7sYk2nLd',
  ownerId: 'ann',
  url: 'https://shop.example/outcry',
  events: ['auction.ended', 'bidder.won'],
  auctionsOf: 'ann',
  createdAt: '2026-01-05T18:00:00.000Z',
  previousSecretUntil: null,
};
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwvXx9B2mKq7E=';
const DELIVERY: WebhookDelivery = {
  id: 'msg_Zk3vT0aQy1Vw7sYk2nLd',
  type: 'bidder.won',
  auctionId: 'a7-lamp',
  epoch: 1,
  seq: 12,
  status: 'delivered',
  at: '2026-01-05T18:05:00.000Z',
  attempts: 1,
  lastAttempt: { at: '2026-01-05T18:05:00.300Z', ms: 41, status: 204, error: null },
  deliveredAt: '2026-01-05T18:05:00.300Z',
};

/** What other systems are told of auctions. */
export const WEBHOOK_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'post',
      path: '/v1/webhooks',
      name: 'createWebhook',
      summary: `Has a URL told of events: of all auctions for admins, of own ones for sellers; up to ${MOST_WEBHOOKS} a user`,
      who: 'seller',
      idempotent: true,
      body: webhookRequest,
      answer: { status: 201, schema: webhookWithSecret },
      refusals: ['FORBIDDEN', 'QUOTA_REACHED'],
      example: {
        body: { url: WEBHOOK.url, events: [...WEBHOOK.events] },
        answer: { ...WEBHOOK, secret: SECRET },
      },
    },
    async ({ x, body, caller, key }, { write, receivers }: HistoryParts) =>
      answerReplayed(x, await registerWebhook(write, receivers, caller, body, key), 201),
  ),

  route(
    {
      method: 'get',
      path: '/v1/webhooks',
      name: 'listWebhooks',
      summary: "The caller's webhooks, an admin's all; oldest first",
      who: 'seller',
      query: webhookListQuery,
      answer: { status: 200, schema: webhookPage },
      refusals: [],
      example: { answer: { items: [WEBHOOK], nextCursor: null } },
    },
    async ({ x, query, caller }, { write }: HistoryParts) =>
      answerJson(x, await listWebhooks(write, caller, query)),
  ),

  route(
    {
      method: 'delete',
      path: '/v1/webhooks/{id}',
      params,
      name: 'deleteWebhook',
      summary: 'Ends a webhook, with all that waits for it and the list of what was sent',
      who: 'seller',
      answer: { status: 204 },
      refusals: ['NOT_FOUND'],
      example: {},
    },
    async ({ params: { id }, caller }, { write }: HistoryParts) => {
      await removeWebhook(write, caller, id);
      return { status: 204, body: null };
    },
  ),

  route(
    {
      method: 'post',
      path: '/v1/webhooks/{id}/rotate',
      params,
      name: 'rotateWebhookSecret',
      summary: 'Gives a webhook a new secret; for 24 hours the one before signs as well',
      who: 'seller',
      idempotent: true,
      body: emptyRequest,
      answer: { status: 200, schema: webhookWithSecret },
      refusals: ['NOT_FOUND'],
      example: {
        body: {},
        answer: { ...WEBHOOK, previousSecretUntil: '2026-01-06T18:00:00.000Z', secret: SECRET },
      },
    },
    async ({ x, params: { id }, caller, key }, { write }: HistoryParts) =>
      answerReplayed(x, await rotateSecret(write, caller, id, key), 200),
  ),

  route(
    {
      method: 'get',
      path: '/v1/webhooks/{id}/deliveries',
      params,
      name: 'listWebhookDeliveries',
      summary: 'What was sent to a webhook, and what came of it; newest first, kept for 30 days',
      who: 'seller',
      query: webhookListQuery,
      answer: { status: 200, schema: webhookDeliveryPage },
      refusals: ['NOT_FOUND'],
      example: { answer: { items: [DELIVERY], nextCursor: null } },
    },
    async ({ x, params: { id }, query, caller }, { write }: HistoryParts) =>
      answerJson(x, await deliveriesOf(write, caller, id, query)),
  ),

  route(
    {
      method: 'post',
      path: '/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver',
      params: { id: ID_PATTERN, deliveryId: ID_PATTERN },
      name: 'redeliverToWebhook',
      summary: 'Has a message sent again, or at once where it waits for its next attempt',
      who: 'seller',
      idempotent: true,
      body: emptyRequest,
      answer: { status: 202, schema: webhookDelivery },
      refusals: ['NOT_FOUND'],
      example: { body: {}, answer: { ...DELIVERY, status: 'pending', deliveredAt: null } },
    },
    async ({ x, params: { id, deliveryId }, caller, key }, { write }: HistoryParts) =>
      answerReplayed(x, await redeliver(write, caller, id, deliveryId, key), 202),
  ),
];

function answerReplayed(
  x: Exchange,
  { replayed, ...answer }: Replayed<object>,
  status: number,
): HttpAnswer {
  if (replayed) setHeader(x, 'idempotency-replayed', 'true');
  return answerJson(x, answer, status);
}
