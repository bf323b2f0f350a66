/** What the archive's measurements load: JetStream, Postgres, Redis and the built worker. */
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { createNodeService } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startPostgres } from '@outcry/local/servers/postgres.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import type { TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { metricIn, readMetrics } from '../service-metrics.ts';
import { openEventStream } from './event-stream.ts';
import { cpuSeconds, familyCpuSeconds } from './process-cpu.ts';
import { BENCH_SHARDS, type PartOptions } from './part-options.ts';

const PUBLISHED_AT_ONCE = 256;

export interface ArchiveStageOptions extends PartOptions {
  readonly root: string;
  /** A gateway's servers, when its bids are to be archived; else there are new ones. */
  readonly on?: { readonly redis: LocalServer; readonly nats: LocalServer };
  /** Node writes a CPU profile of the worker into this folder when it stops. */
  readonly profileFolder?: string | undefined;
}

export class ArchiveStage {
  readonly sql: Sql;
  /** Down until it is started; a new process has counters of zero. */
  readonly worker: LocalServer;
  readonly servers: { readonly nats: LocalServer; readonly postgres: LocalServer };
  readonly #nats: NatsConnection;
  readonly #stream: JetStreamClient;

  private constructor(
    sql: Sql,
    worker: LocalServer,
    servers: ArchiveStage['servers'],
    nats: NatsConnection,
  ) {
    this.sql = sql;
    this.worker = worker;
    this.servers = servers;
    this.#nats = nats;
    this.#stream = jetstream(nats);
  }

  /** Starts the servers, builds the worker and migrates the database; the worker stays down. */
  static async open(options: ArchiveStageOptions): Promise<ArchiveStage> {
    const { root, folder, started, say, profileFolder } = options;
    say('starting the servers of the archive');
    const { redis, nats } = options.on ?? (await newServers(options));
    const database = await startPostgres({
      dataDir: join(folder, 'postgres'),
      // Tells when a row was committed, which no column can.
      settings: { track_commit_timestamp: 'on' },
      say,
    });
    started(database);
    const migrated = {
      root,
      log: join(folder, 'migrate.log'),
      env: { DATABASE_URL: database.url },
    };
    await runScript('migrate', migrated);
    const port = await freePort();
    const worker = createNodeService({
      name: 'worker',
      args: [
        ...(profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]),
        join('archival-worker', 'dist', 'main.js'),
      ],
      cwd: root,
      env: {
        ...process.env,
        NODE_ENV: 'development',
        AUTH_MODE: 'dev',
        JWT_SECRET: 'only-for-benchmarks-only-for-benchmarks',
        HOST: '127.0.0.1',
        PORT: `${port}`,
        SHARDS: `${BENCH_SHARDS}`,
        LOG_LEVEL: 'warn',
        REDIS_URL: redis.url,
        NATS_URL: nats.url,
        DATABASE_URL: database.url,
      },
      port,
      log: join(folder, 'worker.log'),
    });
    started(worker);
    const connection = await openEventStream(nats.url);
    return new ArchiveStage(
      postgres(database.url, { max: 2, onnotice: () => undefined }),
      worker,
      { nats, postgres: database },
      connection,
    );
  }

  async close(): Promise<void> {
    await this.#nats.close();
    await this.sql.end({ timeout: 2 });
  }

  /** Publishes entries to the event stream. @throws Error when JetStream refuses one */
  async publish(entries: readonly TestEntry[]): Promise<void> {
    for (let i = 0; i < entries.length; i += PUBLISHED_AT_ONCE) {
      await Promise.all(
        entries
          .slice(i, i + PUBLISHED_AT_ONCE)
          .map(({ subject, text, messageId }) =>
            this.#stream.publish(subject, text, { msgID: messageId }),
          ),
      );
    }
  }

  /** CPU seconds that each part has used since it was started; 0 where it cannot be read. */
  cpuSeconds(): Record<'worker' | 'nats' | 'postgres', number> {
    const { nats, postgres } = this.servers;
    return {
      worker: cpuSeconds(this.worker.pid()) ?? 0,
      nats: cpuSeconds(nats.pid()) ?? 0,
      postgres: familyCpuSeconds(postgres.pid()) ?? 0,
    };
  }

  /** Events the worker has stored since its start. */
  async stored(): Promise<number> {
    const metrics = await readMetrics(this.worker.url);
    return metricIn(metrics, 'outcry_archive_events_total', 'result="new"');
  }
}

async function newServers({
  folder,
  started,
  say,
}: PartOptions): Promise<{ redis: LocalServer; nats: LocalServer }> {
  const redis = await startRedis({ dataDir: join(folder, 'redis'), say });
  started(redis);
  const nats = await startNats({ dataDir: join(folder, 'nats'), say });
  started(nats);
  return { redis, nats };
}
