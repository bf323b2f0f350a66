/** Webhooks of sellers and admins; docs/webhooks.md says what receivers get. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  Webhook,
  WebhookDelivery,
  WebhookRequest,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import { having, isNothing, pageOf } from './answers.ts';
import type { CommandOptions, HttpTransport } from './http-transport.ts';
import type { PageQuery } from './outcry-client.ts';
import { Services, type OutcryClientOptions } from './services.ts';

const isWebhookPage = pageOf(having<Webhook>({ id: 'string', url: 'string', events: 'object' }));

const isWebhookWithSecret = having<WebhookWithSecret>({ id: 'string', secret: 'string' });

const isDelivery = having<WebhookDelivery>({ id: 'string', type: 'string', status: 'string' });

const isDeliveryPage = pageOf(isDelivery);

/** Every method throws `OutcryError`, after the same retries as those of `OutcryClient`. */
export class WebhookClient {
  readonly #history: HttpTransport;

  constructor(options: OutcryClientOptions) {
    this.#history = new Services(options).history;
  }

  /** One page of the caller's webhooks, an admin's all; the oldest first. */
  list(query: PageQuery = {}): Promise<Page<Webhook>> {
    return this.#history.get('/v1/webhooks', isWebhookPage, query);
  }

  /** The answer's secret is not shown again. */
  create(request: WebhookRequest, options?: CommandOptions): Promise<WebhookWithSecret> {
    return this.#history.post('/v1/webhooks', request, isWebhookWithSecret, options);
  }

  /** A new secret; for 24 hours the one before signs as well. */
  rotate(webhookId: string, options?: CommandOptions): Promise<WebhookWithSecret> {
    return this.#history.post(`${pathOf(webhookId)}/rotate`, {}, isWebhookWithSecret, options);
  }

  /** Ends a webhook, with all that waits for it. */
  remove(webhookId: string): Promise<void> {
    return this.#history.delete(pathOf(webhookId), isNothing);
  }

  /** One page of what was sent to it, and what came of that; the newest first. */
  deliveries(webhookId: string, query: PageQuery = {}): Promise<Page<WebhookDelivery>> {
    return this.#history.get(`${pathOf(webhookId)}/deliveries`, isDeliveryPage, query);
  }

  /** Has a message sent again, under its first id. */
  redeliver(
    webhookId: string,
    deliveryId: string,
    options?: CommandOptions,
  ): Promise<WebhookDelivery> {
    const path = `${pathOf(webhookId)}/deliveries/${encodeURIComponent(deliveryId)}/redeliver`;
    return this.#history.post(path, {}, isDelivery, options);
  }
}

const pathOf = (webhookId: string): string => `/v1/webhooks/${encodeURIComponent(webhookId)}`;
