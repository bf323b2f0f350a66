/** Servers and some of each service, to be loaded, broken and asked what they hold. */
import { randomBytes } from 'node:crypto';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import type { Redis } from 'ioredis';
import connectPostgres, { type Sql } from 'postgres';
import { toolSettings } from '@outcry/archival-worker/config.ts';
import { runVerify } from '@outcry/archival-worker/create-verify.ts';
import { differenceText } from '@outcry/archival-worker/verify/difference.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import type { LocalNatsCluster } from '@outcry/local/servers/nats-cluster.ts';
import type { LocalCluster } from '@outcry/local/servers/redis-cluster.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { untilReady } from '@outcry/shared/runtime/redis.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import type { Parts } from './process-use.ts';
import { readyRedis } from './redis.ts';
import { SHARDS, type Addresses } from './test-bed.ts';
import type { ServiceName, TestBed } from './test-bed.ts';

/** In this order: the worker declares the empty Redis whole, which the gateways wait for. */
const SERVICES = ['archival-worker', 'api-gateway', 'broadcast-service'] as const;
const BACK_WITHIN_MS = 60_000;
const REDIS_WITHIN_MS = 10_000;
const QUERY_LIMIT_MS = 60_000;

/** The first process of a service has the service's name, the second one a `-2` behind it. */
export type PartName = 'redis' | 'nats' | 'postgres' | ServiceName | `${ServiceName}-${number}`;

export interface SystemOptions {
  /** How many of each service run; default 1. */
  readonly counts?: Partial<Record<ServiceName, number>>;
  /** Three masters with a replica each, in the place of one Redis. */
  readonly redisCluster?: { readonly durability: 'fsync' | 'replica' };
  /** Three servers, in the place of one. */
  readonly natsCluster?: boolean;
}

export class WholeSystem {
  readonly bed: TestBed;
  readonly redisServers: LocalServer | LocalCluster;
  readonly natsServers: LocalServer | LocalNatsCluster;
  readonly postgres: LocalServer;
  /** What services, and tools of an operator, are given. */
  readonly environment: Readonly<
    Record<'SHARDS' | 'REDIS_URL' | 'REDIS_CLUSTER' | 'BID_DURABILITY', string> &
      Record<'NATS_URL' | 'NATS_STREAM_REPLICAS' | 'DATABASE_URL', string>
  >;
  readonly #services = new Map<string, LocalServer>();
  readonly #serviceSecret = randomBytes(32).toString('hex');
  #redis: Redis | undefined;

  private constructor(
    bed: TestBed,
    redis: LocalServer | LocalCluster,
    nats: LocalServer | LocalNatsCluster,
    postgres: LocalServer,
    { redisCluster, natsCluster }: SystemOptions,
  ) {
    this.bed = bed;
    this.redisServers = redis;
    this.natsServers = nats;
    this.postgres = postgres;
    this.environment = {
      SHARDS: `${SHARDS}`,
      REDIS_URL: 'masters' in redis ? redis.masters.map(({ url }) => url).join(',') : redis.url,
      REDIS_CLUSTER: `${redisCluster !== undefined}`,
      BID_DURABILITY: redisCluster?.durability ?? 'fsync',
      NATS_URL: nats.url,
      NATS_STREAM_REPLICAS: natsCluster === true ? '3' : '1',
      DATABASE_URL: postgres.url,
    };
  }

  /** Starts what `npm run build` built, and waits until all of it is ready. */
  static async start(bed: TestBed, options: SystemOptions = {}): Promise<WholeSystem> {
    const { counts = {}, redisCluster, natsCluster } = options;
    bed.say('starting the servers and the services');
    // Shared, because the bed's end waits for what is shared: what starts beside a failure is stopped too.
    const ofReplica = redisCluster?.durability === 'replica' && ['--min-replicas-to-write', '1'];
    const clusterOptions = { hasReplicas: true, args: ofReplica || [] };
    const [redis, nats, postgres] = await Promise.all([
      bed.shared<LocalServer | LocalCluster>('redis', () =>
        redisCluster === undefined ? bed.redis() : bed.redisCluster(clusterOptions),
      ),
      bed.shared<LocalServer | LocalNatsCluster>('nats', () =>
        natsCluster === true ? bed.natsCluster() : bed.nats(),
      ),
      bed.shared('postgres', () => bed.postgres()),
    ]);
    const system = new WholeSystem(bed, redis, nats, postgres, options);
    if (!('masters' in redis)) {
      const connection = await readyRedis(redis.url, 'load-tests');
      system.#redis = connection;
      bed.onClose(() => connection.disconnect());
    }
    for (const service of SERVICES) {
      await system.run(service, counts[service] ?? 1);
    }
    return system;
  }

  /** For looking past all of Outcry's own code; commands fail while Redis is down. */
  get redis(): Redis {
    if (this.#redis === undefined) throw new Error('a cluster has no single connection');
    return this.#redis;
  }

  get gatewayUrls(): readonly string[] {
    return this.all('api-gateway').map(({ url }) => url);
  }

  /** For a window of CPU and memory. */
  get processes(): Parts {
    const services = SERVICES.map((name) => [name, this.all(name).map((each) => each.pid())]);
    const servers = (['redis', 'nats', 'postgres'] as const).map((name) => {
      return [name, [this.part(name).pid()]];
    });
    return Object.fromEntries([...services, ...servers]) as Parts;
  }

  /** Starts what is missing and ends what is too much: it would take its share of the machine. */
  async run(service: ServiceName, count: number): Promise<void> {
    for (const extra of this.all(service).slice(count)) await extra.stop();
    for (let number = 1; number <= count; number += 1) {
      const name = nameOf(service, number);
      await this.bed.start(this.#services.get(name) ?? (await this.add(service, number)));
    }
  }

  /** One more process of a service, which is down. @param through other ways to its servers */
  async add(
    service: ServiceName,
    number: number,
    through: Partial<Addresses> = {},
  ): Promise<LocalServer> {
    const { REDIS_URL: redis, NATS_URL: nats, DATABASE_URL: postgres, ...env } = this.environment;
    const name = nameOf(service, number);
    const part = await this.bed.service(
      service,
      { redis, nats, postgres, ...through },
      {
        name,
        env: {
          REDIS_CLUSTER: env.REDIS_CLUSTER,
          SERVICE_SECRET: this.#serviceSecret,
          ...(service === 'broadcast-service'
            ? { GATEWAY_URL: this.url('api-gateway') }
            : { NATS_STREAM_REPLICAS: env.NATS_STREAM_REPLICAS }),
          ...(service === 'api-gateway' && { BID_DURABILITY: env.BID_DURABILITY }),
        },
      },
    );
    this.#services.set(name, part);
    return part;
  }

  /** Those of a service that are not down. */
  all(service: ServiceName): readonly LocalServer[] {
    return [...this.#services.values()].filter(
      (each) => each.name.startsWith(service) && each.pid() !== undefined,
    );
  }

  /** @throws Error for an unknown name, or for one of several servers */
  part(name: PartName): LocalServer {
    const found = [this.redisServers, this.natsServers, this.postgres, ...this.#services.values()];
    const part = found.find((each) => 'pid' in each && each.name === name);
    if (part === undefined || !('pid' in part)) throw new Error(`no part is called ${name}`);
    return part;
  }

  url(name: PartName): string {
    return this.part(name).url;
  }

  /** Starts a part that is down, or waits for the start under way, until it is ready to work. */
  async startPart(name: PartName): Promise<void> {
    if (this.#services.has(name)) return this.bed.start(this.part(name));
    await this.part(name).start();
    if (name === 'redis') await untilReady(this.redis, REDIS_WITHIN_MS);
  }

  /** Waits until the supervisor has started a part that was killed, and it is ready. */
  async untilPartIsBack(name: PartName): Promise<void> {
    const what = `the new start of ${name}`;
    const isBack = (): boolean => this.part(name).pid() !== undefined;
    await waitUntil(isBack, { withinMs: BACK_WITHIN_MS, what });
    await this.startPart(name);
  }

  /** One of a service's counters or gauges. @throws Error when the service does not answer */
  metric(name: PartName, metric: string, labels?: Record<string, string>): Promise<number> {
    return figure(this.url(name), metric, labels);
  }

  /** Asks Postgres over a connection of its own, which is not open when Postgres is broken. */
  async onPostgres<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = connectPostgres(this.postgres.url, {
      max: 1,
      connect_timeout: 5,
      connection: { statement_timeout: QUERY_LIMIT_MS },
      onnotice: () => undefined,
    });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 5 });
    }
  }

  async onStreams<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = await connectNats({ servers: this.natsServers.url.split(',') });
    try {
      return await work(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  }

  /** What `npm run verify` finds: one line an auction that does not agree, and for users' totals. */
  async verify(): Promise<string[]> {
    const found: string[] = [];
    await runVerify(
      toolSettings('verify', {}, this.environment),
      {
        progress: () => undefined,
        found: (difference) => void found.push(differenceText(difference)),
      },
      createLogger('verify', 'silent'),
    );
    return found;
  }
}

const nameOf = (service: ServiceName, number: number): string =>
  number === 1 ? service : `${service}-${number}`;
