/** Puts the process together that delivers to webhooks; registering them is the history API's. */
import { Hono } from 'hono';
import { WEBHOOK_CONSUMER } from '@outcry/shared/contracts/keys.ts';
import { serveHttp } from '@outcry/shared/http/http-server.ts';
import { addOperationRoutes, createRegistry } from '@outcry/shared/http/operations.ts';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { startService, type Closers, type Service } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { JetStreamSource } from './adapters/nats/jetstream-source.ts';
import { Database } from './adapters/postgres/database.ts';
import { watchDatabase } from './adapters/postgres/database-watch.ts';
import type { WebhookSettings } from './config.ts';
import { createWebhookMetrics } from './metrics.ts';
import { HttpsCourier, type CourierOptions } from './webhooks/https-courier.ts';
import { WebhookQueues, type RetryPlan } from './webhooks/queues.ts';
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
export const createWebhooks = (
  settings: WebhookSettings,
  log: Logger,
  variations: Variations = {},
): Promise<Service> =>
  startService(log, (...stages) => assemble(settings, log, variations, ...stages));

async function assemble(
  settings: WebhookSettings,
  log: Logger,
  { retries = RETRIES, courier: courierOptions }: Variations,
  closers: Closers,
  isStopping: () => boolean,
): Promise<number> {
  const database = new Database(
    settings.DATABASE_URL,
    { name: 'outcry-webhooks', connections: CONNECTIONS, limitMs: DATABASE_LIMIT_MS },
    log,
  );
  closers.defer('database', () => database.close());
  const databaseWatch = watchDatabase(database, log);
  closers.defer('database watch', () => databaseWatch.close());

  const nats = connectNats(settings.NATS_URL, 'webhooks', log);
  closers.defer('NATS', () => nats.close());
  const source = new JetStreamSource(nats, settings, log, WEBHOOK_CONSUMER);
  closers.defer('event source', () => source.close());

  const registry = createRegistry('webhooks');
  const figures = createWebhookMetrics(registry, () => source.behind);
  const queues = new WebhookQueues(database, retries);
  const addresses = new ReceiverAddresses(settings.WEBHOOKS_ALLOW_PRIVATE);
  const courier = new HttpsCourier(addresses, courierOptions);
  closers.defer('connections to receivers', () => courier.close());
  const send = new SendDeliveries({ queues, courier, figures, log });
  closers.defer('deliveries', () => send.stop());
  const ring = new RingWebhooks({ source, queues, rung: () => send.wake(), log });
  closers.defer('events', () => ring.stop());

  const readiness = (): Record<string, string> => {
    if (isStopping()) return { webhooks: 'stopping' };
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
  return http.port;
}
