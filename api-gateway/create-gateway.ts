/** Puts the gateway together: the only place that knows which adapter serves which port. */
import { SIGNED_OUT_KEY } from '@outcry/shared/contracts/keys.ts';
import { createTokenVerifier } from '@outcry/shared/runtime/access-tokens.ts';
import { serveHttp } from '@outcry/shared/http/http-server.ts';
import { startService, type Closers, type Service } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openTracer } from '@outcry/shared/runtime/open-tracer.ts';
import { addOperationRoutes, createRegistry } from '@outcry/shared/http/operations.ts';
import { openRedisOrCluster } from '@outcry/shared/runtime/redis.ts';
import { RedisReadiness } from '@outcry/shared/runtime/redis-readiness.ts';
import { SharedRateLimiter } from '@outcry/shared/runtime/shared-rate-limiter.ts';
import { SignOuts } from '@outcry/shared/runtime/sign-outs.ts';
import { DECIDE_COMMANDS, decideScriptBody, DecideScript } from './adapters/redis/decide-script.ts';
import { redisFault } from './adapters/redis/durability.ts';
import { RedisMemory } from './adapters/redis/redis-memory.ts';
import { Catalogue, CREATION_COMMANDS } from './auctions/catalogue.ts';
import { ReadAuctions } from './auctions/read-auctions.ts';
import { RedisLists } from './auctions/redis-lists.ts';
import { SharedLists } from './auctions/shared-lists.ts';
import { StoredAuctions } from './auctions/stored-auctions.ts';
import { needsMemory } from './bidding/auction-commands.ts';
import { GroupCommit } from './bidding/group-commit.ts';
import { RecentHeads } from './bidding/recent-heads.ts';
import { tracedDecider } from './bidding/traced-decider.ts';
import { publicAuth, type GatewaySettings } from './config.ts';
import { createFollowUp } from './create-follow-up.ts';
import { answerBids } from './http/answer-bids.ts';
import { countedAddress } from './http/counted-address.ts';
import { refuseForeignHosts } from './http/foreign-hosts.ts';
import { followBids } from './http/follow-bids.ts';
import { createGatewayApi } from './http/gateway-api.ts';
import type { GatewayParts } from './http/gateway-parts.ts';
import { devTokenSigner } from './http/dev-tokens.ts';
import { addReadings, createMetrics } from './metrics.ts';
import { ReadSales } from './sales/read-sales.ts';

/**
 * Starts a gateway. It listens at once and is ready as soon as Redis is; NATS may come later.
 * @throws OtherShardsError when Redis was written with another number of shards; Error when the port
 *   is taken
 */
export const createGateway = (settings: GatewaySettings, log: Logger): Promise<Service> =>
  startService(log, (...stages) => assemble(settings, log, ...stages));

async function assemble(
  settings: GatewaySettings,
  log: Logger,
  closers: Closers,
  isStopping: () => boolean,
): Promise<number> {
  const verifyToken = await createTokenVerifier(settings, log, (one) => signOuts.refuses(one));
  const shards = settings.SHARDS;
  const traces = {
    endpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    service: 'api-gateway',
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
  };
  const tracer = await openTracer(traces, log);
  if (tracer !== undefined) closers.defer('traces', () => tracer.close());

  const redis = openRedisOrCluster(settings, 'gateway', log, {
    enableAutoPipelining: true,
    autoPipeliningIgnoredCommands: [...DECIDE_COMMANDS, ...CREATION_COMMANDS],
  });
  const subscriber = openRedisOrCluster(settings, 'gateway-due', log, {
    autoResubscribe: false,
    subscribes: true,
    follows: redis,
  });
  closers.defer('Redis', () => {
    redis.disconnect();
    subscriber.disconnect();
  });
  const signOuts = new SignOuts(redis, SIGNED_OUT_KEY, log);
  closers.defer('sign-outs', () => signOuts.stop());
  const needsReplicas = settings.BID_DURABILITY === 'replica';
  const isAsserted = settings.REDIS_DURABILITY_ASSERTED;
  const readiness = new RedisReadiness(
    redis,
    () => redisFault(redis, { shards, isAsserted, needsReplicas }),
    log,
  );
  closers.defer('readiness', () => readiness.close());
  const memory = new RedisMemory(redis, log);
  closers.defer('memory watch', () => memory.close());

  const registry = createRegistry('api-gateway');
  const decider = new DecideScript(
    redis,
    decideScriptBody(),
    needsReplicas
      ? () => openRedisOrCluster(settings, 'gateway-bids', log, { follows: redis })
      : undefined,
  );
  closers.defer('script calls', () => decider.close());
  const metrics = createMetrics(registry);
  const after = { redis, subscriber, decider, tracer, metrics, log };
  const followUp = createFollowUp(settings, after, closers);
  const heads = new RecentHeads();
  redis.on('close', () => heads.forget());
  // Of a cluster, when one node is gone: its replica may know less.
  redis.on('-node', () => heads.forget());
  const traced = tracer === undefined ? decider : tracedDecider(decider, tracer);
  const lines = {
    shards,
    // A call reaches one node of a cluster, so there it holds auctions of one shard only.
    lanes: settings.REDIS_CLUSTER ? shards : 1,
    // Calls that wait for a replica go over several connections.
    calls: needsReplicas ? 1 : 2,
  };
  const engine = new GroupCommit(traced, lines, {
    refuse: (command) => readiness.fault ?? (needsMemory(command) ? memory.full : undefined),
    onCall: (commands, tookMs) => metrics.called(commands, tookMs),
    onDecided: (auctionId, batch, askedAt) => {
      heads.note(auctionId, batch, askedAt);
      if (batch.entry !== undefined) followUp.publisher.offer(batch.entry);
      metrics.decided(batch.answers);
    },
    onDefect: (error) => log.error({ err: error }, 'a decision or what follows it failed'),
  });
  closers.defer('engine', () => engine.close());

  addReadings(registry, { engine, memory, ...followUp });

  const limiter = (name: string, perSecond: number): SharedRateLimiter | undefined => {
    if (perSecond === 0) return undefined;
    const made = new SharedRateLimiter(redis, name, perSecond);
    closers.defer(`rate limit by ${name}`, () => made.close());
    return made;
  };
  const redisLists = new RedisLists(redis, shards);
  const catalogue = new Catalogue(redis, shards, redisLists);
  const parts: GatewayParts = {
    engine,
    heads,
    reads: new ReadAuctions(new StoredAuctions(redis), engine, shards, () => readiness.fault),
    catalogue,
    lists: new SharedLists(catalogue),
    sales: new ReadSales(redis, shards, redisLists),
    verifyToken,
    limits: {
      byAddress: limiter('address', settings.RATE_LIMIT_ADDRESS_PER_S),
      byUser: limiter('user', settings.RATE_LIMIT_USER_PER_S),
      addressOf: countedAddress(settings.TRUSTED_PROXIES, settings.SERVICE_SECRET),
    },
    shards,
    maxPerSeller: settings.MAX_PER_SELLER,
    publicConfig: {
      gatewayUrl: settings.PUBLIC_GATEWAY_URL,
      broadcastUrl: settings.PUBLIC_BROADCAST_URL,
      historyUrl: settings.PUBLIC_HISTORY_URL,
      auth: publicAuth(settings),
    },
    corsOrigins: settings.CORS_ORIGINS,
    signDevToken:
      settings.AUTH_MODE === 'dev' && settings.JWT_SECRET !== undefined
        ? devTokenSigner(settings.JWT_SECRET, settings.JWT_ISSUER, settings.JWT_AUDIENCE)
        : undefined,
    followBid: followBids(tracer, log),
    log,
  };
  const isReady = (): Record<string, string> => {
    if (isStopping()) return { gateway: 'stopping' };
    return readiness.fault === undefined ? {} : { redis: readiness.fault };
  };
  const api = createGatewayApi(parts, (app) => addOperationRoutes(app, registry, isReady));
  const answerBid = answerBids(parts);
  const refuseForeign =
    settings.AUTH_MODE === 'dev' ? refuseForeignHosts(settings.PUBLIC_GATEWAY_URL) : () => false;
  const http = await serveHttp(
    api.fetch,
    settings.PORT,
    settings.HOST,
    (incoming, outgoing) => refuseForeign(incoming, outgoing) || answerBid(incoming, outgoing),
  );
  closers.defer('HTTP server', () => http.close());
  await readiness.refuseOtherShards();
  followUp.start();
  signOuts.start();
  return http.port;
}
