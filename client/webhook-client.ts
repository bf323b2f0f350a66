/** Webhooks of sellers and admins; docs/webhooks.md says what receivers get. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  Webhook,
  WebhookDelivery,
  WebhookRequest,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import { having, isNothing, pageOf } from './answers.ts';
import { HttpTransport, type CommandOptions } from './http-transport.ts';
import type { PageQuery } from './outcry-client.ts';
import { queryText, ServiceAddresses, type OutcryClientOptions } from './service-addresses.ts';

const isWebhookPage = pageOf(having<Webhook>({ id: 'string', url: 'string', events: 'object' }));

const isWebhookWithSecret = having<WebhookWithSecret>({ id: 'string', secret: 'string' });

const isDelivery = having<WebhookDelivery>({ id: 'string', type: 'string', status: 'string' });

const isDeliveryPage = pageOf(isDelivery);

/** Every method throws `OutcryError`, after the same retries as those of `OutcryClient`. */
export class WebhookClient {
  readonly #http: HttpTransport;
  readonly #addresses: ServiceAddresses;

  constructor(options: OutcryClientOptions) {
    this.#http = new HttpTransport(options);
    this.#addresses = new ServiceAddresses(options, this.#http);
  }

  /** One page of the caller's webhooks, an admin's all; the oldest first. */
  async list(query: PageQuery = {}): Promise<Page<Webhook>> {
    return this.#http.get((await this.#url()) + queryText({ ...query }), isWebhookPage);
  }

  /** The answer's secret is not shown again. */
  async create(request: WebhookRequest, options?: CommandOptions): Promise<WebhookWithSecret> {
    return this.#http.post(await this.#url(), request, isWebhookWithSecret, options);
  }

  /** A new secret; for 24 hours the one before signs as well. */
  async rotate(webhookId: string, options?: CommandOptions): Promise<WebhookWithSecret> {
    const url = `${await this.#url(webhookId)}/rotate`;
    return this.#http.post(url, {}, isWebhookWithSecret, options);
  }

  /** Ends a webhook, with all that waits for it. */
  async remove(webhookId: string): Promise<void> {
    await this.#http.delete(await this.#url(webhookId), isNothing);
  }

  /** One page of what was sent to it, and what came of that; the newest first. */
  async deliveries(webhookId: string, query: PageQuery = {}): Promise<Page<WebhookDelivery>> {
    const url = `${await this.#url(webhookId)}/deliveries`;
    return this.#http.get(url + queryText({ ...query }), isDeliveryPage);
  }

  /** Has a message sent again, under its first id. */
  async redeliver(
    webhookId: string,
    deliveryId: string,
    options?: CommandOptions,
  ): Promise<WebhookDelivery> {
    const path = `/deliveries/${encodeURIComponent(deliveryId)}/redeliver`;
    return this.#http.post((await this.#url(webhookId)) + path, {}, isDelivery, options);
  }

  async #url(webhookId?: string): Promise<string> {
    const url = `${await this.#addresses.history()}/v1/webhooks`;
    return webhookId === undefined ? url : `${url}/${encodeURIComponent(webhookId)}`;
  }
}
