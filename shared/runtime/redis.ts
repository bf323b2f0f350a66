/** The one way to open a Redis connection; the options keep a bid from ever running twice. */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { backoffMs } from './backoff.ts';
import type { Logger } from './logger.ts';

const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 1_000;
/**
 * A server that hangs, or whose packets are lost, closes nothing. So each connection asks for a sign
 * of life every second, and is given up and opened again when nothing has come for three looks:
 * within 4 s. Looks are counted and not seconds, because it may be this process that stood still, and
 * then the answer is here and only has to be read.
 */
const LOOK_EVERY_MS = 1_000;
const MAX_SILENT_LOOKS = 3;
/** A server that loads its data lets a new connection wait; one that hangs does so too. */
const MAX_OPENING_LOOKS = 10;
/** No command waits longer for its answer, whoever forgot to set a limit of its own. */
const COMMAND_LIMIT_MS = 5_000;
const SLOTS = 16_384;

const reconnectAfterMs = (attempt: number): number =>
  backoffMs(attempt, RECONNECT_FIRST_MS, RECONNECT_MAX_MS);

const SAFE_OPTIONS: RedisOptions = {
  // A command whose reply is lost may have run: never send it again, tell the caller instead.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  enableReadyCheck: true,
  connectTimeout: 2_000,
  commandTimeout: COMMAND_LIMIT_MS,
  keepAlive: 10_000,
  retryStrategy: reconnectAfterMs,
};

/** A single Redis or a Redis Cluster; both take the same commands. */
export type RedisClient = Redis | Cluster;

export interface RedisAddress {
  readonly REDIS_URL: string;
  /**
   * The URL names a node of a Redis Cluster, or several joined by commas, of which one must answer
   * at the start; the others are found through it. User and password are those of the first.
   */
  readonly REDIS_CLUSTER: boolean;
}

/** Options of one connection that differ between its uses. */
export interface ConnectionUse extends Pick<
  RedisOptions,
  'enableAutoPipelining' | 'autoPipeliningIgnoredCommands' | 'autoResubscribe'
> {
  /** It subscribes to channels of shards; on a cluster no other connection can. */
  readonly subscribes?: boolean;
  /** Another connection of this process to the same servers, from which it hears of new masters. */
  readonly follows?: RedisClient;
}

/**
 * Opens a connection that reconnects for ever and fails commands at once while it is down.
 * @param name shown in `CLIENT LIST` and in logs
 */
export function openRedis(
  url: string,
  name: string,
  log: Logger,
  { subscribes: _subscribes, follows: _follows, ...use }: ConnectionUse = {},
): Redis {
  const options = {
    ...SAFE_OPTIONS,
    ...use,
    connectionName: name,
    replyMapping: 'legacy',
  } as const;
  return watched(new Redis(url, options), name, log);
}

/** The same for a single Redis or a cluster, as the service's settings say. */
export const openRedisOrCluster = (
  address: RedisAddress,
  name: string,
  log: Logger,
  use: ConnectionUse = {},
): RedisClient =>
  address.REDIS_CLUSTER
    ? watched(openCluster(address.REDIS_URL, name, use), name, log)
    : openRedis(address.REDIS_URL, name, log, use);

/** Asks for signs of life, and says once when the connection fails and once when it is back. */
function watched<T extends RedisClient>(redis: T, name: string, log: Logger): T {
  if (redis instanceof Cluster) redis.on('+node', askForSignsOfLife);
  else askForSignsOfLife(redis);
  let failing = false;
  redis.on('error', (error: Error) => {
    if (!failing) log.warn({ err: error, connection: name }, 'Redis cannot be reached, retrying');
    failing = true;
  });
  redis.on('ready', () => {
    log.info({ connection: name }, failing ? 'Redis is back' : 'connected to Redis');
    failing = false;
  });
  return redis;
}

/** Any other reply belongs to another command: the library has lost count, and each one gets the wrong reply. */
async function ping(redis: Redis): Promise<void> {
  const answer = await redis.ping().catch(() => undefined);
  if (answer === undefined || answer === 'PONG') return;
  redis.stream.destroy(new Error('replies reach the wrong commands'));
}

function askForSignsOfLife(redis: Redis): void {
  let readBefore = 0;
  let silentLooks = 0;
  const timer = setInterval(() => {
    const isOpening = redis.status === 'connect';
    if (!isOpening && redis.status !== 'ready') return;
    const { bytesRead } = redis.stream;
    silentLooks = bytesRead === readBefore ? silentLooks + 1 : 0;
    readBefore = bytesRead;
    if (silentLooks >= (isOpening ? MAX_OPENING_LOOKS : MAX_SILENT_LOOKS)) {
      silentLooks = 0;
      redis.stream.destroy(new Error('Redis gave no sign of life'));
    } else if (!isOpening) {
      void ping(redis);
    }
  }, LOOK_EVERY_MS);
  timer.unref();
  redis.once('end', () => clearInterval(timer));
}

/**
 * How often a cluster is asked where its slots are: after a failover nothing else tells of the new
 * master when the old one does not answer. It costs 5 ms and a connection each time, so one client
 * of a process asks often and the others follow it.
 */
const SLOTS_REFRESH_MS = 1_000;
const SLOTS_REFRESH_OF_FOLLOWERS_MS = 10_000;

function openCluster(
  urls: string,
  name: string,
  {
    enableAutoPipelining = false,
    autoPipeliningIgnoredCommands = [],
    subscribes = false,
    follows,
  }: ConnectionUse,
): Cluster {
  const nodes = urls.split(',');
  const { username, password, protocol } = new URL(nodes[0] ?? '');
  const sentAlone = [...autoPipeliningIgnoredCommands];
  const cluster = new Cluster(nodes, {
    enableOfflineQueue: false,
    enableAutoPipelining,
    autoPipeliningIgnoredCommands: sentAlone,
    // A command that a failing node may have run must not be sent to the next one.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: 2_000,
    slotsRefreshInterval: follows === undefined ? SLOTS_REFRESH_MS : SLOTS_REFRESH_OF_FOLLOWERS_MS,
    shardedSubscribers: subscribes,
    clusterRetryStrategy: reconnectAfterMs,
    redisOptions: {
      ...SAFE_OPTIONS,
      connectionName: name,
      replyMapping: 'legacy',
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
  // While nothing is known of a slot, the library lets commands of its pipelines wait without a limit, and when only some
  // slots have nodes, as in a cluster that is being formed, it then throws where nobody can catch it.
  cluster.slots = Array.from({ length: SLOTS }, () => []);
  // The library puts a script into the pipeline of the node of its first argument. Where that is the number of keys, it is
  // the wrong one, and all that is in this pipeline fails.
  const defineCommand = cluster.defineCommand.bind(cluster);
  cluster.defineCommand = (name, script) => {
    if (script.numberOfKeys === undefined) sentAlone.push(name);
    defineCommand(name, script);
  };
  keepPipelinesWhole(cluster);
  if (follows instanceof Cluster) follow(cluster, follows);
  return cluster;
}

/** Where the library sends a pipeline; the node is unknown until it has chosen one. */
interface Destination {
  readonly slot: number;
  redis?: Redis | undefined;
}

/**
 * The library picks a node for each command of a pipeline until a node accepts one; when the slot's master
 * is gone, it picks any. If one node refuses and the next accepts, the pipeline is never written, but the
 * connection still expects replies to what it accepted: from then on each reply reaches an earlier command.
 * So the node is chosen here, once, and without it the whole pipeline fails.
 */
function keepPipelinesWhole(cluster: Cluster): void {
  const send = cluster.sendCommand.bind(cluster);
  cluster.sendCommand = (command, stream, to?: Destination) => {
    if (to !== undefined && to.redis === undefined) {
      to.redis = masterOf(cluster, to.slot);
      if (to.redis === undefined) {
        command.reject(new Error("The connection to the slot's master isn't writeable"));
        return command.promise;
      }
    }
    return send(command, stream, to);
  };
}

/** The master of a slot where commands can be sent to it now. */
function masterOf(cluster: Cluster, slot: number): Redis | undefined {
  const [master] = cluster.slots[slot] ?? [];
  const node = cluster
    .nodes('all')
    .find(({ options }) => `${options.host}:${options.port}` === master);
  return node?.status === 'ready' || node?.status === 'wait' ? node : undefined;
}

/** Has a cluster's client look where the slots are as soon as another one knows another master. */
function follow(cluster: Cluster, leader: Cluster): void {
  const compare = (): void => {
    const differs = leader.slots.some(([master], slot) => master !== cluster.slots[slot]?.[0]);
    if (differs) cluster.refreshSlotsCache();
  };
  leader.on('refresh', compare);
  cluster.once('end', () => leader.off('refresh', compare));
}

/**
 * One more connection to a node of a cluster, for subscriptions.
 * @param node `host:port`, as the cluster's slots name it
 * @returns undefined when the cluster does not know the node any more
 */
export function openClusterNode(
  cluster: Cluster,
  node: string,
  name: string,
  log: Logger,
): Redis | undefined {
  const known = cluster
    .nodes('all')
    .find(({ options: { host, port } }) => `${host}:${port}` === node);
  const opened = known?.duplicate({
    ...SAFE_OPTIONS,
    connectionName: name,
    autoResubscribe: false,
    lazyConnect: false,
    readOnly: false,
  });
  return opened === undefined ? undefined : watched(opened, name, log);
}

/** Every master of a cluster, or the one Redis there is. */
export const mastersOf = (redis: RedisClient): readonly Redis[] =>
  redis instanceof Cluster ? redis.nodes('master') : [redis];

/**
 * Just after the pods of a cluster were all replaced, their names lead to the old addresses for half
 * a minute, and each attempt to reach one takes two seconds.
 */
const READY_LIMIT_MS = 60_000;

/** Waits until the connection is ready. @throws Error after `limitMs`. */
export async function untilReady(redis: RedisClient, limitMs = READY_LIMIT_MS): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', done);
      reject(new Error(`Redis did not become ready within ${limitMs} ms`));
    }, limitMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', done);
  });
}
