/** Puts the process together that delivers to webhooks; registering them is the history API's. */
import { Hono } from 'hono';
import { WEBHOOK_CONSUMER } from '@outcry/shared/contracts/keys.ts';
import { serveHttp } from '@outcry/shared/http/http-server.ts';
import { addOperationRoutes, createRegistry } from '@outcry/shared/http/operations.ts';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { Closers, type Service } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { JetStreamSource } from './adapters/nats/jetstream-source.ts';
import { historyReader } from './adapters/postgres/ask-history.ts';
import { Database } from './adapters/postgres/database.ts';
import { DatabaseWatch } from './adapters/postgres/database-watch.ts';
import { WebhookQueues } from './adapters/postgres/webhook-queues.ts';
import { HttpsCourier, type CourierOptions } from './adapters/receivers/https-courier.ts';
import type { WebhookSettings } from './config.ts';
import { createWebhookMetrics } from './metrics.ts';
import type { RetryPlan } from './webhooks/ports.ts';
import { ReceiverAddresses } from './webhooks/receiver-addresses.ts';
import { RingWebhooks } from './webhooks/ring-webhooks.ts';
import { SendDeliveries } from './webhooks/send-deliveries.ts';

const DATABASE_LIMIT_MS = 10_000;
const CONNECTIONS = 8;

const RETRIES: RetryPlan = {
  firstMs: 5_000,
  mostMs: 3 * 60 * 60 * 1000,
  forMs: 3 * 24 * 60 * 60 * 1000,
  leaseMs: 30_000,
};

/** What tests turn faster, or turn round. */
export interface Variations {
  readonly retries?: RetryPlan;
  readonly courier?: CourierOptions;
}

/**
 * Starts delivering. It listens at once; Postgres and NATS may come later.
 * @throws Error when the port is taken
 */
export async function createWebhooks(
  settings: WebhookSettings,
  log: Logger,
  variations: Variations = {},
): Promise<Service> {
  const closers = new Closers(log);
  try {
    return await assemble(settings, log, closers, variations);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function assemble(
  settings: WebhookSettings,
  log: Logger,
  closers: Closers,
  { retries = RETRIES, courier: courierOptions }: Variations,
): Promise<Service> {
  const database = new Database(
    settings.DATABASE_URL,
    { name: 'outcry-webhooks', connections: CONNECTIONS, limitMs: DATABASE_LIMIT_MS },
    log,
  );
  closers.defer('database', () => database.close());
  const databaseWatch = new DatabaseWatch(historyReader(database), log);
  closers.defer('database watch', () => databaseWatch.close());

  const nats = connectNats(settings.NATS_URL, 'webhooks', log);
  closers.defer('NATS', () => nats.close());
  const limits = {
    maxBytes: settings.NATS_STREAM_MAX_BYTES,
    replicas: settings.NATS_STREAM_REPLICAS,
  };
  const source = new JetStreamSource(nats, limits, log, WEBHOOK_CONSUMER);
  closers.defer('event source', () => source.close());

  const registry = createRegistry('webhooks');
  const figures = createWebhookMetrics(registry, () => source.behind);
  const queues = new WebhookQueues(database, retries);
  const addresses = new ReceiverAddresses(settings.WEBHOOKS_ALLOW_PRIVATE);
  const courier = new HttpsCourier(addresses, courierOptions);
  closers.defer('connections to receivers', () => courier.close());
  const send = new SendDeliveries({ store: queues, courier, figures, log });
  closers.defer('deliveries', () => send.stop());
  const ring = new RingWebhooks({ source, bell: queues, rung: () => send.wake(), log });
  closers.defer('events', () => ring.stop());

  let stopping = false;
  const readiness = (): Record<string, string> => {
    if (stopping) return { webhooks: 'stopping' };
    const waitingFor: Record<string, string> = {};
    if (databaseWatch.fault !== undefined) waitingFor['postgres'] = databaseWatch.fault;
    if (!source.opened) waitingFor['nats'] = 'the event stream could not be opened yet';
    return waitingFor;
  };
  const app = new Hono();
  addOperationRoutes(app, registry, readiness);
  const http = await serveHttp(app.fetch, settings.PORT, settings.HOST);
  closers.defer('HTTP server', () => http.close());

  source.start();
  ring.start();
  send.start();
  return {
    port: http.port,
    close: async () => {
      stopping = true;
      await closers.close();
    },
  };
}
