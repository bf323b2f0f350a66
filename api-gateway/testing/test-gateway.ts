/** A gateway with its own Redis and NATS, for tests that speak HTTP to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startNats } from '@outcry/local/servers/nats.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { describedAnswers } from '@outcry/shared/testing/described-answers.ts';
import { keepShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { gatewaySettings } from '../config.ts';
import { createGateway } from '../create-gateway.ts';
import { GATEWAY_ROUTES } from '../http/gateway-api.ts';
import { until } from '@outcry/shared/testing/until.ts';

export const SECRET = 'a-secret-that-only-this-test-knows-0123456789';
const SHARDS = 4;
const expectDescribed = describedAnswers(GATEWAY_ROUTES);

export interface ClusteredGateway {
  readonly url: string;
  readonly service: Service;
  readonly natsServer: LocalServer;
  /** A connection of the test's own. */
  readonly redis: RedisClient;
  readonly shards: number;
  /** Starts one more gateway on the same servers; does not wait until it is ready. */
  startAnother(environment?: Record<string, string>): Promise<Service>;
  stop(): Promise<void>;
}

export interface TestGateway extends ClusteredGateway {
  readonly redis: Redis;
  readonly redisServer: LocalServer;
}

/** An answer with its body parsed; `body` holds whatever JSON came. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & Partial<Problem>;
}

/** Starts Redis, NATS and a gateway on free ports. */
export async function startTestGateway(
  environment: Record<string, string> = {},
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-gateway-'));
  const redisServer = await startRedis({ dataDir: join(folder, 'redis') });
  const redis = new Redis(redisServer.url);
  redis.on('error', () => {}); // tests that kill the server look at the gateway, not at this
  const gateway = await startGatewayOn(folder, redisServer, redis, environment);
  return { ...gateway, redis, redisServer };
}

/** Starts NATS and a gateway beside a Redis of the caller's. @param folder goes with them */
export async function startGatewayOn(
  folder: string,
  redisServer: Pick<LocalServer, 'url' | 'stop'>,
  redis: RedisClient,
  environment: Record<string, string>,
): Promise<ClusteredGateway> {
  const natsServer = await startNats({ dataDir: join(folder, 'nats') });
  await keepShardsWhole(redis, SHARDS);
  const gateways: Service[] = [];
  const startAnother = async (more: Record<string, string> = {}): Promise<Service> => {
    const settings = gatewaySettings({
      REDIS_URL: redisServer.url,
      NATS_URL: natsServer.url,
      HOST: '127.0.0.1',
      PORT: '0',
      SHARDS: `${SHARDS}`,
      AUTH_MODE: 'dev',
      JWT_SECRET: SECRET,
      RATE_LIMIT_USER_PER_S: '0',
      MAX_PER_SELLER: '0',
      RATE_LIMIT_ADDRESS_PER_S: '0',
      ...environment,
      ...more,
    });
    const gateway = await createGateway(settings, createLogger('api-gateway', 'silent'));
    gateways.push(gateway);
    return gateway;
  };
  const first = await startAnother();
  await until('the gateway is ready', async () => {
    return (await fetch(`http://127.0.0.1:${first.port}/readyz`)).status === 200;
  });
  return {
    url: `http://127.0.0.1:${first.port}`,
    service: first,
    natsServer,
    redis,
    shards: SHARDS,
    startAnother,
    stop: async () => {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await natsServer.stop();
      redis.disconnect();
      await redisServer.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Sends a request; a plain object as body is sent as JSON, a string or bytes as they are. Every
 * answer is held against the API description.
 */
export async function call(
  gateway: { url: string },
  method: string,
  path: string,
  options: {
    token?: string;
    body?: unknown;
    headers?: Record<string, string>;
  } = {},
): Promise<TestAnswer> {
  const { token, body, headers } = options;
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: encoded(body) }),
  });
  const text = await response.text();
  const parsed = text === '' ? {} : ownJson<TestAnswer['body']>(text);
  expectDescribed(method, path, response.status, parsed);
  return { status: response.status, headers: response.headers, body: parsed };
}

function encoded(body: unknown): string | Blob {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Blob([Buffer.from(body)]) : JSON.stringify(body);
}

/** A token for a demo user with these roles. */
export async function tokenFor(
  gateway: { url: string },
  userId: string,
  roles: readonly string[] = ['bidder', 'seller'],
): Promise<string> {
  const answer = await call(gateway, 'POST', '/v1/dev/tokens', { body: { userId, roles } });
  return String(answer.body['token']);
}

/** Creates an auction of `sam` that lasts a minute unless `terms` say otherwise; gives its id. */
export async function newAuction(
  gateway: { url: string },
  terms: Record<string, unknown> = {},
): Promise<string> {
  const answer = await call(gateway, 'POST', '/v1/auctions', {
    token: await tokenFor(gateway, 'sam'),
    body: {
      item: { title: 'Cartier wristwatch' },
      currency: 'USD',
      startPrice: 1_000,
      durationSeconds: 60,
      ...terms,
    },
  });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return String(answer.body['id']);
}
