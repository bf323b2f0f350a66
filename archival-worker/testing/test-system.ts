/** Real servers and workers for the tests of this service. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { createDatabase } from '@outcry/local/servers/databases.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { ensureStream } from '@outcry/shared/runtime/jetstream.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { runMigrations } from '../adapters/postgres/run-migrations.ts';
import { workerSettings, type WorkerSettings } from '../config.ts';
import { createWorker } from '../create-worker.ts';

export const SHARDS = 4;
const TEMPLATE = 'migrated';
const SECRET = 'only-for-tests-only-for-tests-only-for-tests';

/** One entry as it is published. */
interface Publishable {
  readonly subject: string;
  readonly text: string;
}

export class TestSystem {
  readonly redis: LocalServer;
  readonly nats: LocalServer;
  readonly postgres: LocalServer;
  /** Clients of the tests' own. */
  readonly redisClient: Redis;
  readonly #folder: string;
  readonly #connection: NatsConnection;
  readonly #workers = new Set<Service>();
  #sql: ReturnType<typeof postgres>;
  #databaseUrl: string;
  #databases = 0;

  private constructor(folder: string, servers: LocalServer[], connection: NatsConnection) {
    const [redis, nats, database] = servers;
    if (redis === undefined || nats === undefined || database === undefined) {
      throw new Error('three servers are needed');
    }
    this.#folder = folder;
    this.redis = redis;
    this.nats = nats;
    this.postgres = database;
    this.redisClient = new Redis(redis.url, { maxRetriesPerRequest: 3 });
    this.redisClient.on('error', () => undefined);
    this.#connection = connection;
    this.#databaseUrl = database.url;
    this.#sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  }

  /** Starts the three servers; the database is migrated, the stream exists. */
  static async start(): Promise<TestSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'outcry-archive-'));
    const servers = await Promise.all([
      startRedis({ dataDir: join(folder, 'redis') }),
      startNats({ dataDir: join(folder, 'nats') }),
      startPostgres({ dataDir: join(folder, 'postgres') }),
    ]);
    const [, nats, database] = servers;
    await runMigrations(await createDatabase(database, TEMPLATE));
    const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1 });
    const system = new TestSystem(folder, servers, connection);
    await system.reset();
    return system;
  }

  /** Empties everything: a new database, no stream, nothing in Redis. No worker may run. */
  async reset(): Promise<void> {
    await this.#sql.end();
    this.#databases += 1;
    this.#databaseUrl = await createDatabase(this.postgres, `archive_${this.#databases}`, TEMPLATE);
    this.#sql = postgres(this.#databaseUrl, { max: 2, onnotice: () => undefined });
    await this.redisClient.flushall();
    await this.deleteStream();
    const setup = { maxBytes: 256 * 1024 * 1024, replicas: 1 };
    await ensureStream(this.#connection, {
      name: EVENT_STREAM,
      subjects: [EVENT_SUBJECTS],
      ...setup,
    });
  }

  get sql(): ReturnType<typeof postgres> {
    return this.#sql;
  }

  /** Settings of a worker of this system. */
  settings(overrides: Readonly<Record<string, string>> = {}): WorkerSettings {
    return workerSettings({
      REDIS_URL: this.redis.url,
      NATS_URL: this.nats.url,
      DATABASE_URL: this.#databaseUrl,
      NATS_STREAM_MAX_BYTES: `${256 * 1024 * 1024}`,
      JWT_SECRET: SECRET,
      RATE_LIMIT_USER_PER_S: '0',
      RATE_LIMIT_ADDRESS_PER_S: '0',
      HOST: '127.0.0.1',
      PORT: '0',
      SHARDS: `${SHARDS}`,
      SEAL_AFTER_SECONDS: '0',
      CORS_ORIGINS: 'http://web.example',
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'silent',
      ...overrides,
    });
  }

  async startWorker(overrides: Readonly<Record<string, string>> = {}): Promise<Service> {
    const settings = this.settings(overrides);
    const worker = await createWorker(settings, createLogger('worker', settings.LOG_LEVEL));
    this.#workers.add(worker);
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.close()));
    this.#workers.clear();
  }

  /** Publishes without a message id: JetStream stores every one of them. */
  async publish(entries: readonly Publishable[]): Promise<void> {
    const client = jetstream(this.#connection);
    for (const { subject, text } of entries) await client.publish(subject, text);
  }

  async deleteStream(): Promise<void> {
    const manager = await jetstreamManager(this.#connection);
    const names = await manager.streams.names().next();
    if (names.includes(EVENT_STREAM)) await manager.streams.delete(EVENT_STREAM);
  }

  /** Takes an auction's messages out of the stream, as their age does in the end. */
  async purge(subject: string): Promise<void> {
    const manager = await jetstreamManager(this.#connection);
    await manager.streams.purge(EVENT_STREAM, { filter: subject });
  }

  /** Messages that the archive has not acknowledged. */
  async unacknowledged(): Promise<number> {
    const manager = await jetstreamManager(this.#connection);
    const { state } = await manager.streams.info(EVENT_STREAM);
    const info = await manager.consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER);
    // A consumer may hear of a message only after its publisher was told that it is stored.
    const unheard = state.last_seq - info.delivered.stream_seq;
    return Math.max(info.num_pending, unheard) + info.num_ack_pending;
  }

  /** The archived lines of an auction, put together from their columns, by epoch and seq. */
  async storedLines(auctionId: string): Promise<string[]> {
    const rows = await this.#sql<{ public: string; salt: string; private: string }[]>`
      SELECT public, salt, private FROM events WHERE auction_id = ${auctionId} ORDER BY epoch, seq`;
    return rows.map(
      (row) =>
        `{"v":1,"auctionId":"${auctionId}","public":${row.public},"salt":"${row.salt}","private":${row.private}}`,
    );
  }

  async allAcknowledged(): Promise<void> {
    await until('everything acknowledged', async () => (await this.unacknowledged()) === 0);
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.#connection.close();
    this.redisClient.disconnect();
    await this.#sql.end({ timeout: 1 });
    await Promise.all([this.redis.stop(), this.nats.stop(), this.postgres.stop()]);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A figure of a worker's metrics. */
export const workerFigure = (worker: Service, name: string): Promise<number> =>
  figure(`http://127.0.0.1:${worker.port}`, name);

/** An access token that the workers of these tests take. */
export const tokenOf = (userId: string, roles: readonly string[] = ['bidder']): string =>
  signToken(SECRET, userId, roles);
