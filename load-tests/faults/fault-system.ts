/** The system that faults are injected into: two gateways, two workers, and ways to break them. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect as connectNats, nanos } from '@nats-io/transport-node';
import type { Redis } from 'ioredis';
import connectPostgres, { type Sql } from 'postgres';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { waitUntilReady } from '@outcry/local/node-service.ts';
import { type Addresses, type ServicePart, SERVICES } from '@outcry/local/parts.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startSystem, type System } from '@outcry/local/start-system.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { untilReady } from '@outcry/shared/runtime/redis.ts';
import { readyRedis } from '../ready-redis.ts';
import { metricIn, readMetrics } from '../service-metrics.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_WITHIN_MS = 60_000;
const REDIS_WITHIN_MS = 10_000;
const QUERY_LIMIT_MS = 60_000;

export type PartName =
  | 'redis'
  | 'nats'
  | 'postgres'
  | 'api-gateway'
  | 'api-gateway-2'
  | 'archival-worker'
  | 'archival-worker-2'
  | 'broadcast-service';

/** The second gateway and the second worker reach their servers through these. */
export interface Links {
  readonly gatewayToNats: TcpLink;
  readonly workerToNats: TcpLink;
  readonly workerToPostgres: TcpLink;
}

export class FaultSystem {
  readonly folder: string;
  readonly links: Links;
  /** For looking only; commands fail while Redis is down. */
  readonly redis: Redis;
  readonly #system: System;

  private constructor(folder: string, system: System, links: Links, redis: Redis) {
    this.folder = folder;
    this.#system = system;
    this.links = links;
    this.redis = redis;
  }

  /**
   * Starts what `npm run build` built, on free ports and in a folder of its own. The second worker
   * is down.
   *
   * @throws Error when a part does not start; nothing is left running then
   */
  static async start(say: (line: string) => void, signal?: AbortSignal): Promise<FaultSystem> {
    // Data lies in the checkout and not in a temporary folder, which may be in memory.
    await mkdir(join(ROOT, '.local'), { recursive: true });
    const folder = await mkdtemp(join(ROOT, '.local', 'faults-'));
    const ports = { redis: await freePort(), nats: await freePort(), postgres: await freePort() };
    const links = {
      gatewayToNats: await TcpLink.open(ports.nats),
      workerToNats: await TcpLink.open(ports.nats),
      workerToPostgres: await TcpLink.open(ports.postgres),
    };
    let system: System | undefined;
    try {
      system = await startSystem({
        root: ROOT,
        folder,
        ports,
        services: services(links),
        env: { PATH: process.env['PATH'], LOG_LEVEL: 'info' },
        prepare: ({ databaseUrl }) =>
          runScript('migrate', {
            root: ROOT,
            log: join(folder, 'logs', 'migrate.log'),
            env: { DATABASE_URL: databaseUrl },
          }),
        say,
        ...(signal === undefined ? {} : { signal }),
      });
      await system.part('archival-worker-2').stop();
      const redis = await readyRedis(urlOf(system, 'redis'), 'faults');
      return new FaultSystem(folder, system, links, redis);
    } catch (error) {
      await system?.stop();
      await closeLinks(links);
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get gatewayUrls(): readonly string[] {
    return ['api-gateway', 'api-gateway-2'].map((name) => urlOf(this.#system, name));
  }

  url(name: PartName): string {
    return urlOf(this.#system, name);
  }

  part(name: PartName): LocalServer {
    return this.#system.part(name);
  }

  /** Starts a part that is down, or waits for the start under way, until it is ready to work. */
  async startPart(name: PartName): Promise<void> {
    const part = this.part(name);
    await part.start();
    if (name === 'redis') return untilReady(this.redis, REDIS_WITHIN_MS);
    if (name === 'nats' || name === 'postgres') return;
    const log = join(this.folder, 'logs', `${name}.log`);
    await waitUntilReady(part, { path: '/readyz', log, withinMs: READY_WITHIN_MS });
  }

  /** Waits until the supervisor has started a part that was killed, and it is ready. */
  async untilPartIsBack(name: PartName): Promise<void> {
    await waitUntil(() => this.part(name).pid() !== undefined, {
      withinMs: READY_WITHIN_MS,
      what: `the new start of ${name}`,
    });
    await this.startPart(name);
  }

  /** One of a service's counters or gauges, see {@link metricIn}. */
  async metric(name: PartName, metric: string, label = ''): Promise<number> {
    return metricIn(await readMetrics(this.url(name)), metric, label);
  }

  /** Asks Postgres over a connection of its own, which is not open when Postgres is broken. */
  async onPostgres<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = connectPostgres(this.url('postgres'), {
      max: 1,
      connect_timeout: 5,
      connection: { statement_timeout: QUERY_LIMIT_MS, application_name: 'faults' },
      onnotice: () => undefined,
    });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  }

  async onStreams<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = await connectNats({ servers: this.url('nats') });
    try {
      return await work(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** Sets the archive consumer's patience, until a worker starts and sets it back. */
  async deliverAgainAfter(seconds: number): Promise<void> {
    await this.onStreams(({ consumers }) =>
      consumers.update(EVENT_STREAM, ARCHIVE_CONSUMER, { ack_wait: nanos(seconds * 1000) }),
    );
  }

  async publish(subject: string, payload: string): Promise<void> {
    const connection = await connectNats({ servers: this.url('nats') });
    try {
      connection.publish(subject, payload);
      await connection.flush();
    } finally {
      await connection.close();
    }
  }

  /** Stops everything and removes its data. */
  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.#system.stop();
    await closeLinks(this.links);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function closeLinks({ gatewayToNats, workerToNats, workerToPostgres }: Links): Promise<void> {
  const links = [gatewayToNats, workerToNats, workerToPostgres];
  await Promise.all(links.map((link) => link.close()));
}

function urlOf(system: System, name: string): string {
  const url = system.urls[name];
  if (url === undefined) throw new Error(`no part is called ${name}`);
  return url;
}

function services(links: Links): ServicePart[] {
  const worker = service('archival-worker');
  const gateway = service('api-gateway');
  return [
    worker,
    second(worker, ({ databaseUrl }) => ({
      NATS_URL: local('nats:', links.workerToNats.port),
      DATABASE_URL: withPort(databaseUrl, links.workerToPostgres.port),
    })),
    gateway,
    second(gateway, () => ({ NATS_URL: local('nats:', links.gatewayToNats.port) })),
    service('broadcast-service'),
  ];
}

function service(name: string): ServicePart {
  const found = SERVICES.find((part) => part.name === name);
  if (found === undefined) throw new Error(`no service is called ${name}`);
  return found;
}

/** Another process of a service, which reaches some servers in another way. */
const second = (
  part: ServicePart,
  through: (addresses: Addresses) => Record<string, string>,
): ServicePart => ({
  ...part,
  name: `${part.name}-2`,
  env: (addresses) => ({ ...part.env(addresses), ...through(addresses) }),
});

const local = (protocol: string, port: number): string => `${protocol}//127.0.0.1:${port}`;

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}
