/** Broadcasters with a Redis of their own, and viewers, for tests against real servers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { SignJWT } from 'jose';
import { io, type Socket } from 'socket.io-client';
import { fileURLToPath } from 'node:url';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import type {
  Ack,
  EventsMessage,
  FromViewer,
  Position,
  ToViewer,
  WatchData,
} from '@outcry/shared/contracts/live.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { keepShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { broadcasterSettings } from '../config.ts';
import { createBroadcaster } from '../create-broadcaster.ts';

const SECRET = 'a-secret-that-only-this-test-knows-0123456789';
const SHARDS = 4;
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

const WAIT_LIMIT_MS = 15_000;

export interface TestBroadcasters {
  readonly redisServer: LocalServer;
  /** A connection of the test's own. */
  readonly redis: Redis;
  readonly auctions: ScriptedAuctions;
  /** Starts a broadcaster and waits until it is ready. */
  start(environment?: Record<string, string>): Promise<TestBroadcaster>;
  /** Starts one as a process of its own, which can be killed, and waits until it is ready. */
  startProcess(environment?: Record<string, string>): Promise<LocalServer>;
  stop(): Promise<void>;
}

export interface TestBroadcaster {
  readonly url: string;
  readonly service: Service;
  /** A figure of its metrics, the sum over all labels that `labels` does not fix. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
}

export async function startTestBroadcasters(): Promise<TestBroadcasters> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-broadcast-'));
  const redisServer = await startRedis({ dataDir: folder });
  const redis = new Redis(redisServer.url);
  redis.on('error', () => undefined);
  await keepShardsWhole(redis, SHARDS);
  const services: Service[] = [];
  const processes: LocalServer[] = [];
  const base = {
    REDIS_URL: redisServer.url,
    HOST: '127.0.0.1',
    SHARDS: `${SHARDS}`,
    JWT_SECRET: SECRET,
    CORS_ORIGINS: 'https://outcry.example',
  };
  return {
    redisServer,
    redis,
    auctions: new ScriptedAuctions(redis, SHARDS),
    start: async (environment = {}) => {
      const settings = broadcasterSettings({ ...base, PORT: '0', ...environment });
      const level = process.env['TEST_LOG_LEVEL'] ?? 'silent';
      const service = await createBroadcaster(settings, createLogger('broadcast-service', level));
      services.push(service);
      const url = `http://127.0.0.1:${service.port}`;
      await until('the broadcaster is ready', async () => {
        return (await fetch(`${url}/readyz`)).status === 200;
      });
      return { url, service, metric: (name, labels) => figure(url, name, labels) };
    },
    startProcess: async (environment = {}) => {
      const port = await freePort();
      const log = join(folder, `broadcaster-${port}.log`);
      const node = createNodeService({
        name: 'broadcast-service',
        args: ['--import', import.meta.resolve('tsx'), MAIN],
        cwd: folder,
        env: { PATH: process.env['PATH'], ...base, PORT: `${port}`, ...environment },
        port,
        log,
      });
      processes.push(node);
      await node.start();
      await waitUntilReady(node, { path: '/readyz', log, withinMs: WAIT_LIMIT_MS });
      return node;
    },
    stop: async () => {
      await Promise.all(processes.map((each) => each.kill()));
      await Promise.all(services.map((service) => service.close()));
      redis.disconnect();
      await redisServer.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A token for a user, valid for an hour unless `expiresIn` (seconds from now) says otherwise. */
export function tokenFor(userId: string, expiresIn = 3_600, roles = ['bidder']): Promise<string> {
  return new SignJWT({ roles })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresIn)
    .sign(new TextEncoder().encode(SECRET));
}

/** A viewer that writes down what it receives. */
export interface TestViewer {
  readonly socket: Socket<ToViewer, FromViewer>;
  readonly messages: EventsMessage[];
  watch(auctionId: string, after?: Position): Promise<Ack<WatchData>>;
  /** Emits anything, with an answer expected. */
  ask(event: string, ...payload: unknown[]): Promise<unknown>;
}

const ANSWER_LIMIT_MS = 5_000;

/** Connects a viewer. @throws the error that Socket.IO reports when it is refused */
export async function connectViewer(
  broadcaster: { url: string },
  options: { token?: unknown; origin?: string } = {},
): Promise<TestViewer> {
  const anything = io(broadcaster.url, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: options.token === undefined ? {} : { token: options.token },
    ...(options.origin === undefined ? {} : { extraHeaders: { origin: options.origin } }),
  });
  const socket: Socket<ToViewer, FromViewer> = anything;
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
  });
  const messages: EventsMessage[] = [];
  socket.on('events', (message) => messages.push(message));
  const ask = async (event: string, ...payload: unknown[]): Promise<unknown> =>
    anything.timeout(ANSWER_LIMIT_MS).emitWithAck(event, ...payload);
  return {
    socket,
    messages,
    ask,
    watch: async (auctionId, after) =>
      (await ask('watch', {
        auctionId,
        ...(after === undefined ? {} : { after }),
      })) as Ack<WatchData>,
  };
}
