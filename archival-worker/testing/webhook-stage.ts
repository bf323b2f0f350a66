/** Webhooks with all that they need: a worker that archives and registers, and what delivers. */
import { onTestFinished } from 'vitest';
import type {
  Webhook,
  WebhookDelivery,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { TestAuction, type TestAuctionOptions } from '@outcry/shared/testing/event-lines.ts';
import { webhookSettings, type WebhookSettings } from '../config.ts';
import { createWebhooks, type Variations } from '../create-webhooks.ts';
import { Receiver } from './receiver.ts';
import { tokenOf, type TestSystem } from './test-system.ts';

/** A second stands for some 17 minutes: three days pass in four minutes. */
export const SCALED = { firstMs: 5, mostMs: 10_800, forMs: 259_200, leaseMs: 2_000 };

export const LOOPBACK = '127.0.0.1/32';

export interface Asked {
  readonly token: string;
  readonly body?: object;
  readonly key?: string;
}

export class WebhookStage {
  readonly #system: TestSystem;
  readonly #worker: Service;

  private constructor(system: TestSystem, worker: Service) {
    this.#system = system;
    this.#worker = worker;
  }

  /** Starts the worker; webhooks may reach 127.0.0.1. */
  static async start(system: TestSystem, allowed = LOOPBACK): Promise<WebhookStage> {
    return new WebhookStage(system, await system.startWorker({ WEBHOOKS_ALLOW_PRIVATE: allowed }));
  }

  settings(allowed = LOOPBACK): WebhookSettings {
    const { NATS_URL, DATABASE_URL, NATS_STREAM_MAX_BYTES } = this.#system.settings();
    return webhookSettings({
      NATS_URL,
      DATABASE_URL,
      NATS_STREAM_MAX_BYTES: `${NATS_STREAM_MAX_BYTES}`,
      HOST: '127.0.0.1',
      PORT: '0',
      WEBHOOKS_ALLOW_PRIVATE: allowed,
    });
  }

  /** Starts delivering until the test is over, or it is closed. */
  async deliver(variations: Variations = {}, allowed = LOOPBACK): Promise<Service> {
    const log = createLogger('webhooks', process.env['LOG_LEVEL'] ?? 'silent');
    const service = await createWebhooks(this.settings(allowed), log, {
      retries: SCALED,
      ...variations,
    });
    onTestFinished(() => service.close());
    return service;
  }

  async call(method: string, path: string, { token, body, key }: Asked): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#worker.port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** A receiver that listens until the test is over, and is registered. */
  async receiver(
    events: readonly string[],
    asker: { readonly userId?: string; readonly roles?: readonly string[] } = {},
    urlOf: (receiver: Receiver) => string = ({ url }) => url,
  ): Promise<{ receiver: Receiver; webhook: Webhook; token: string }> {
    const { userId = 'root', roles = ['admin'] } = asker;
    const receiver = new Receiver();
    await receiver.start();
    onTestFinished(() => receiver.stop());
    const token = tokenOf(userId, roles);
    const answer = await this.call('POST', '/v1/webhooks', {
      token,
      body: { url: urlOf(receiver), events },
    });
    if (answer.status !== 201) throw new Error(await answer.text());
    const webhook = (await answer.json()) as WebhookWithSecret;
    receiver.secret = webhook.secret;
    return { receiver, webhook, token };
  }

  async deliveries(webhookId: string, token: string): Promise<readonly WebhookDelivery[]> {
    const answer = await this.call('GET', `/v1/webhooks/${webhookId}/deliveries?limit=200`, {
      token,
    });
    const { items } = (await answer.json()) as { items: readonly WebhookDelivery[] };
    return items;
  }
}

/** An auction of which everything happens from now on. */
export const auctionFromNow = (options: TestAuctionOptions): TestAuction =>
  new TestAuction({ startsAt: Date.now(), stepMs: 1, ...options });
