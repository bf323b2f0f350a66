/** Puts the worker together: the only place that knows which adapter serves which port. */
import { SIGNED_OUT_KEY } from '@outcry/shared/contracts/keys.ts';
import { createTokenVerifier } from '@outcry/shared/runtime/access-tokens.ts';
import { serveHttp } from '@outcry/shared/http/http-server.ts';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { startService, type Closers, type Service } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openTracer } from '@outcry/shared/runtime/open-tracer.ts';
import { addOperationRoutes, createRegistry } from '@outcry/shared/http/operations.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';
import { openRedisOrCluster, untilReady } from '@outcry/shared/runtime/redis.ts';
import { SharedRateLimiter } from '@outcry/shared/runtime/shared-rate-limiter.ts';
import { SignOuts } from '@outcry/shared/runtime/sign-outs.ts';
import { DeleteAccounts } from './accounts/delete-accounts.ts';
import { deletedAccounts } from './accounts/deleted-accounts.ts';
import { RedisNames } from './accounts/names-in-redis.ts';
import { signOutMarks } from './accounts/sign-out-marks.ts';
import { JetStreamSource } from './adapters/nats/jetstream-source.ts';
import { archiveStore } from './adapters/postgres/archive-store.ts';
import { deadLetterBox } from './adapters/postgres/dead-letters.ts';
import { completeTexts } from './adapters/postgres/complete-texts.ts';
import { Database } from './adapters/postgres/database.ts';
import { watchDatabase } from './adapters/postgres/database-watch.ts';
import { RedisAuctionMarks } from './adapters/redis/auction-marks.ts';
import { keptHints } from './adapters/redis/kept-hints.ts';
import { ArchiveEvents, BATCHES_AT_ONCE } from './archive/archive-events.ts';
import { tracedCommit, tracedSource } from './archive/traced-archive.ts';
import type { WorkerSettings } from './config.ts';
import { askHistory } from './history/ask-history.ts';
import { SharedAnswers } from './history/shared-answers.ts';
import { createHistoryApi } from './http/history-api.ts';
import { createMetrics, createSealMetrics } from './metrics.ts';
import { SealAuctions } from './seal/seal-auctions.ts';
import { sealStore } from './seal/seal-store.ts';
import { ReceiverAddresses } from './webhooks/receiver-addresses.ts';
import { RedisToCheck } from './whole/checked-redis.ts';
import { WholeRedis } from './whole/whole-redis.ts';
import { witnesses } from './whole/witnesses.ts';

const WRITE_LIMIT_MS = 20_000;
/** One for each batch that is being stored, and one for seals, accounts and texts. */
const WRITE_CONNECTIONS = BATCHES_AT_ONCE + 1;
const READ_LIMIT_MS = 3_000;
const READ_CONNECTIONS = 8;
const REDIS_WAIT_MS = 5_000;

/**
 * Starts a worker. It listens at once; Postgres, NATS and Redis may come later.
 * @throws OtherShardsError when Redis was written with another number of shards; Error when the
 *   port is taken
 */
export const createWorker = (settings: WorkerSettings, log: Logger): Promise<Service> =>
  startService(log, (...stages) => assemble(settings, log, ...stages));

async function assemble(
  settings: WorkerSettings,
  log: Logger,
  closers: Closers,
  isStopping: () => boolean,
): Promise<number> {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  const tracer = await openTracer({ endpoint, service: 'archival-worker', ratio: 0 }, log);
  if (tracer !== undefined) closers.defer('traces', () => tracer.close());

  const open = (url: string, name: string, connections: number, limitMs: number): Database => {
    const database = new Database(url, { name, connections, limitMs }, log);
    closers.defer(name, () => database.close());
    return database;
  };
  const { DATABASE_URL: primary, DATABASE_READ_URL: replica = primary } = settings;
  const writing = open(primary, 'outcry-archive', WRITE_CONNECTIONS, WRITE_LIMIT_MS);
  // The history API has its own connections, maybe to a replica.
  const reading = open(replica, 'outcry-history', READ_CONNECTIONS, READ_LIMIT_MS);
  const databaseWatch = watchDatabase(reading, log);
  closers.defer('database watch', () => databaseWatch.close());

  const redis = openRedisOrCluster(settings, 'archival-worker', log, {
    enableAutoPipelining: true,
  });
  closers.defer('Redis', () => redis.disconnect());

  const signOuts = new SignOuts(redis, SIGNED_OUT_KEY, log);
  closers.defer('sign-outs', () => signOuts.stop());

  const nats = connectNats(settings.NATS_URL, 'archival-worker', log);
  closers.defer('NATS', () => nats.close());
  const source = new JetStreamSource(nats, settings, log);
  closers.defer('event source', () => source.close());

  const toCheck = new RedisToCheck(redis, settings.SHARDS);
  const wholeRedis = new WholeRedis(settings.SHARDS, toCheck, witnesses(writing, nats), log);
  closers.defer('Redis check', () => wholeRedis.stop());

  const marks = new RedisAuctionMarks(redis, settings.SHARDS);
  const registry = createRegistry('archival-worker');
  const figures = createMetrics(
    registry,
    () => source.behind,
    () => archive.unreported,
  );
  const store = archiveStore(writing);
  const archive = new ArchiveEvents({
    source: tracer === undefined ? source : tracedSource(source, tracer),
    traceCommit: tracer === undefined ? undefined : tracedCommit(tracer),
    store,
    marks,
    figures,
    log,
  });
  closers.defer('archive', () => archive.stop());

  const seal = new SealAuctions({
    store: sealStore(writing),
    marks,
    keptMs: settings.FORGET_AFTER_SECONDS * 1000,
    waitMs: settings.SEAL_AFTER_SECONDS * 1000,
    figures: createSealMetrics(registry),
    log,
  });
  closers.defer('seal', () => seal.stop());

  const texts = completeTexts(writing, log);
  closers.defer('texts', () => texts.stop());

  const accountStore = deletedAccounts(writing);
  const deleteAccounts = new DeleteAccounts({
    store: accountStore,
    redis: new RedisNames(redis, settings.SHARDS),
    keepSalesDays: settings.KEEP_SALES_DAYS,
    log,
  });
  closers.defer('deletion of accounts', () => deleteAccounts.stop());

  const readiness = (): Record<string, string> => {
    if (isStopping()) return { worker: 'stopping' };
    const waitingFor: Record<string, string> = {};
    if (databaseWatch.fault !== undefined) waitingFor['postgres'] = databaseWatch.fault;
    if (wholeRedis.problem !== undefined) waitingFor['redis'] = wholeRedis.problem;
    if (!source.opened) waitingFor['nats'] = 'the event stream could not be opened yet';
    return waitingFor;
  };
  const limiter = (name: string, perSecond: number): SharedRateLimiter | undefined => {
    if (perSecond === 0) return undefined;
    const made = new SharedRateLimiter(redis, name, perSecond);
    closers.defer(`rate limit ${name}`, () => made.close());
    return made;
  };
  const api = createHistoryApi(
    {
      ask: askHistory(reading),
      write: askHistory(writing),
      tellDevices: keptHints(redis, log),
      accounts: { marks: signOutMarks(redis), store: accountStore },
      receivers: new ReceiverAddresses(settings.WEBHOOKS_ALLOW_PRIVATE),
      deadLetters: { box: deadLetterBox(writing), store, marks },
      answers: new SharedAnswers(),
      nextSteps: {
        winner: { text: settings.NEXT_STEP_WINNER_TEXT, url: settings.NEXT_STEP_WINNER_URL },
        seller: { text: settings.NEXT_STEP_SELLER_TEXT, url: settings.NEXT_STEP_SELLER_URL },
        secret: settings.NEXT_STEP_SECRET ?? '',
      },
      shards: settings.SHARDS,
    },
    {
      verifyToken: await createTokenVerifier(settings, log, (one) => signOuts.refuses(one)),
      limits: {
        byAddress: limiter('history-address', settings.RATE_LIMIT_ADDRESS_PER_S),
        byUser: limiter('history-user', settings.RATE_LIMIT_USER_PER_S),
        addressOf: (incoming) => clientAddress(incoming, settings.TRUSTED_PROXIES),
      },
      corsOrigins: settings.CORS_ORIGINS,
      log,
    },
    (app) => addOperationRoutes(app, registry, readiness),
  );
  const http = await serveHttp(api.fetch, settings.PORT, settings.HOST);
  closers.defer('HTTP server', () => http.close());

  await untilReady(redis, REDIS_WAIT_MS).catch(() => undefined);
  await wholeRedis.start();
  source.start();
  archive.start();
  seal.start();
  texts.start();
  signOuts.start();
  deleteAccounts.start();

  return http.port;
}
