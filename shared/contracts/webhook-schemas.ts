/** Webhooks as schemas: what is accepted, and what is answered, held to the types by `satisfies`. */
import { z } from 'zod';
import { id, pageOf, time } from './api-answers.ts';
import { pageLimit } from './query-strings.ts';
import {
  ROLLED_BACK,
  WEBHOOK_EVENTS,
  type Webhook,
  type WebhookDelivery,
  type WebhookListQuery,
  type WebhookRequest,
  type WebhookWithSecret,
} from './webhooks.ts';

export const MAX_WEBHOOK_URL = 2_048;

const event = z.enum(WEBHOOK_EVENTS);
const url = z.url({ protocol: /^https?$/ }).max(MAX_WEBHOOK_URL);

export const webhookRequest = z.strictObject({
  url: url.describe(
    'https, without user and password; http and private addresses only where they are configured',
  ),
  events: z
    .array(event)
    .min(1)
    .max(WEBHOOK_EVENTS.length)
    .refine((names) => new Set(names).size === names.length, 'names an event twice'),
  auctionsOf: id.optional().describe("a seller's id; sellers get their own auctions without it"),
}) satisfies z.ZodType<WebhookRequest>;

export const webhookListQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(300).optional(),
}) satisfies z.ZodType<WebhookListQuery>;

export const webhook = z.strictObject({
  id,
  ownerId: id,
  url: z.string(),
  events: z.array(event),
  auctionsOf: id.nullable().describe("whose auctions; null: everybody's"),
  createdAt: time.describe('what was decided since is told'),
  previousSecretUntil: time
    .nullable()
    .describe('until when the secret before the newest one signs as well'),
}) satisfies z.ZodType<Webhook>;

export const webhookWithSecret = webhook.extend({
  secret: z.string().describe('whsec_ and base64; not shown again'),
}) satisfies z.ZodType<WebhookWithSecret>;

export const webhookPage = pageOf(webhook);

export const webhookDelivery = z.strictObject({
  id: z.string().describe('the header webhook-id, the same in every attempt'),
  type: z.enum([...WEBHOOK_EVENTS, ROLLED_BACK]),
  auctionId: id,
  epoch: z.int().min(1),
  seq: z.int().min(1),
  status: z.enum(['pending', 'delivered', 'dead']).describe('dead: given up after three days'),
  at: time.describe('when it happened'),
  attempts: z.int().min(0),
  lastAttempt: z
    .strictObject({
      at: time,
      ms: z.int().min(0).describe('how long it took'),
      status: z.int().nullable().describe("the answer's status; null where none came"),
      error: z.string().nullable().describe('why none came'),
    })
    .nullable(),
  deliveredAt: time.nullable(),
}) satisfies z.ZodType<WebhookDelivery>;

export const webhookDeliveryPage = pageOf(webhookDelivery);
