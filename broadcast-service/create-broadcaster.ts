/** Puts the broadcaster together: the only place that knows which adapter serves which port. */
import { KEPT_CHANNEL, shardKeys, SIGNED_OUT_KEY } from '@outcry/shared/contracts/keys.ts';
import { readNotices } from '@outcry/shared/contracts/records.ts';
import { readTraceNote } from '@outcry/shared/contracts/traces.ts';
import { createTokenVerifier } from '@outcry/shared/runtime/access-tokens.ts';
import { serveHttp } from '@outcry/shared/http/http-server.ts';
import { Closers, type Service } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openTracer } from '@outcry/shared/runtime/open-tracer.ts';
import { addOperationRoutes, createRegistry } from '@outcry/shared/http/operations.ts';
import { openRedisOrCluster } from '@outcry/shared/runtime/redis.ts';
import { RedisReadiness } from '@outcry/shared/runtime/redis-readiness.ts';
import { SignOuts, type SignIn } from '@outcry/shared/runtime/sign-outs.ts';
import { forwardTo, wakeThrough } from './adapters/http-gateway.ts';
import { AdapterChannels } from './adapters/redis/adapter-channels.ts';
import { dataFault, RedisAuctionSource } from './adapters/redis/redis-auction-source.ts';
import { RedisChannels } from './adapters/redis/redis-channels.ts';
import type { BroadcasterSettings } from './config.ts';
import { FeedMaintenance } from './feed/maintenance.ts';
import { WatchedAuctions } from './feed/watched-auctions.ts';
import { createLiveApi } from './http/live-api.ts';
import { StreamAuctions } from './http/stream-auctions.ts';
import { createMetrics } from './metrics.ts';
import { SharePresence } from './presence/share-presence.ts';
import { SocketViewers } from './adapters/socket-io/socket-viewers.ts';
import { Connections } from './rooms/connections.ts';
import { FAN_OUT_LIMITS, FanOut, type FanOutLimits } from './rooms/fan-out.ts';
import { TracedFanOut } from './rooms/traced-fan-out.ts';

/**
 * Starts a broadcaster. It listens at once and is ready as soon as Redis is.
 * @param limits others only to measure what they cost
 * @throws OtherShardsError when Redis was written with another number of shards; Error when the port
 *   is taken
 */
export async function createBroadcaster(
  settings: BroadcasterSettings,
  log: Logger,
  limits: FanOutLimits = FAN_OUT_LIMITS,
): Promise<Service> {
  const refuses = (signIn: SignIn): boolean => signOuts.refuses(signIn);
  const verifyToken = await createTokenVerifier(settings, log, refuses);
  const closers = new Closers(log);
  const shards = settings.SHARDS;
  const registry = createRegistry('broadcast-service');
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const tracer = await openTracer({ endpoint, service: 'broadcast-service', ratio: 0 }, log);
  if (tracer !== undefined) closers.defer('traces', () => tracer.close());

  const redis = openRedisOrCluster(settings, 'broadcast', log, { enableAutoPipelining: true });
  closers.defer('Redis', () => redis.disconnect());
  const signOuts = new SignOuts(redis, SIGNED_OUT_KEY, log);
  closers.defer('sign-outs', () => signOuts.stop());
  const readiness = new RedisReadiness(redis, () => dataFault(redis, shards), log);
  closers.defer('readiness', () => readiness.close());
  const channels = new RedisChannels(redis, settings.REDIS_URL, shards, log, () =>
    metrics.messagesIn.inc(),
  );
  closers.defer('subscriptions', () => channels.close());

  const connections = new Connections({
    all: settings.MAX_VIEWERS,
    perAddress: settings.MAX_VIEWERS_PER_ADDRESS,
  });
  const fanOut = new FanOut(limits, {
    sent: (viewers, auctionId, upTo) => {
      metrics.messagesOut.inc(viewers);
      traced?.sent(viewers, auctionId, upTo);
    },
    passedOver: (viewers) => metrics.passedOver.inc(viewers),
    dropped: () => metrics.dropped.inc(),
    held: (ms) => metrics.held.observe(ms / 1_000),
    counted: (auctionId, viewers) => presence.changed(auctionId, viewers),
  });
  closers.defer('fan-out', () => fanOut.close());
  const source = new RedisAuctionSource(redis, shards);
  const watched = new WatchedAuctions(source, channels, {
    send: (message) => fanOut.sendEvents(message),
    repaired: (auctionId, result, err) => {
      metrics.repairs.inc({ result });
      if (result === 'failed')
        log.warn({ err, auctionId }, 'a gap in the feed could not be filled');
      else log.info({ auctionId, result }, 'a gap in the feed of an auction');
    },
  });
  const traced = tracer === undefined ? undefined : new TracedFanOut(tracer, watched, log);
  const keysOfShards = Array.from({ length: shards }, (_, shard) => shardKeys(shard));
  if (traced !== undefined) {
    const traces = keysOfShards.map(({ tracesChannel }) => tracesChannel);
    channels.subscribeAlways(traces, (text) => traced.noted(readTraceNote(text)));
  }
  const metrics = createMetrics(registry, connections, watched);
  const audience = {
    watched,
    fanOut,
    now: () => source.now(),
    answered: (result: string) => metrics.watches.inc({ result }),
    connections,
    origins: settings.CORS_ORIGINS,
    trustedProxies: settings.TRUSTED_PROXIES,
  };

  let stopping = false;
  const isReady = (): Record<string, string> => {
    if (stopping) return { broadcaster: 'stopping' };
    if (readiness.fault !== undefined) return { redis: readiness.fault };
    return channels.connected ? {} : { feed: 'not subscribed to Redis' };
  };
  const streams = new StreamAuctions(audience);
  const api = createLiveApi(
    { streams, announce: (text) => viewers.announce(text) },
    {
      verifyToken,
      limits: { byAddress: undefined, byUser: undefined, addressOf: () => undefined },
      corsOrigins: settings.CORS_ORIGINS,
      log,
    },
    (app) => addOperationRoutes(app, registry, isReady),
  );
  const http = await serveHttp(api.fetch, settings.PORT, settings.HOST);
  closers.defer('HTTP server', () => http.close());

  const gateway = { url: settings.GATEWAY_URL, serviceSecret: settings.SERVICE_SECRET };
  const forwardBid = forwardTo(gateway, log);
  const viewers = new SocketViewers(http.server, {
    ...audience,
    log,
    forwardBid: async (bid) => {
      const answer = await forwardBid(bid);
      metrics.forwardedBids.inc({ result: answer.ok ? answer.data.result : answer.problem.code });
      return answer;
    },
    verifyToken,
    adapterChannels: new AdapterChannels(redis, channels),
    refused: (reason) => metrics.refused.inc({ reason }),
    misused: (kind) => metrics.misuse.inc({ kind }),
  });
  const presence = new SharePresence(viewers.nodes, (message) => fanOut.sendPresence(message));
  const wake = wakeThrough(gateway, log);
  const speak = (auctionId: string, since: number): void => fanOut.keepAlive(auctionId, since);
  const maintenance = new FeedMaintenance({ watched, source, channels, wake, speak }, log);
  closers.defer('maintenance of feeds', () => maintenance.close());
  closers.defer('viewers', () => {
    const closed = viewers.close();
    // Browsers open some ahead of time, on which nothing is asked: the stop would wait for these.
    http.server.closeAllConnections();
    return closed;
  });
  closers.defer('streams', () => streams.close());
  closers.defer('presence', () => presence.close());
  signOuts.onNews(() => viewers.endSessions(refuses));
  signOuts.start();
  const noticesChannels = keysOfShards.map(({ noticesChannel }) => noticesChannel);
  channels.subscribeAlways(noticesChannels, (text) => {
    const notices = readNotices(text);
    metrics.notices.inc(notices.length);
    // Users are told what happened, and not by which name the system knows them.
    for (const { type, userId, ...message } of notices) viewers.tell(userId, type, message);
  });
  channels.subscribeAlways([KEPT_CHANNEL], (userId) => viewers.tell(userId, 'kept', {}));
  try {
    await readiness.refuseOtherShards();
  } catch (error) {
    await closers.close();
    throw error;
  }

  return {
    port: http.port,
    close: async () => {
      stopping = true;
      await closers.close();
    },
  };
}
