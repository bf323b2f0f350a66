/** Runs: random auctions and many clients on two gateways; every history is checked. */
import { randomInt } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedisOrCluster, untilReady, type RedisClient } from '@outcry/shared/runtime/redis.ts';
import { keepShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { clientOf } from '../../crowd/people.ts';
import { openBed, ROOT, type TestBed } from '../../system/system.ts';
import { checkHistory } from '../checker/check-history.ts';
import { outcomeOf, violationText } from '../history.ts';
import type { History, HistoryCommand, LoggedEvent } from '../history.ts';
import { HistoryClient, KnownAuctions, RandomSteps, SeededRandom } from './clients.ts';
import { randomAuction, type KnownAuction } from './clients.ts';

/** Few, so that most calls decide bids of several auctions; on a cluster every master has some. */
const SHARDS = 2;
const SHARDS_OF_CLUSTER = 8;
const READY_WITHIN_MS = 20_000;
const SELLER = 'seller';
const SELLING_CLIENTS = 2;
/** Several clients are one user now and then, as with two open windows. */
const CLIENTS_PER_USER = 1.1;
/** All clients together; the answers must keep up on a small machine. */
const COMMANDS_PER_SECOND = 2_500;
const RUN_LIMIT_MS = 30_000;
/** Sellers ask for at most this much after the latest end that the terms allow or mean. */
const MAX_EXTENSION_MS = 500;
const MAX_VIOLATIONS_SHOWN = 10;

/** A defect to plant into what was built: a text of `file` that is there once, and its change. */
export interface Defect {
  /** Path in the gateway's `dist`. */
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
}

export interface HistoryStage {
  readonly bed: TestBed;
  readonly gateways: readonly LocalServer[];
  /** One, or the masters of the cluster. */
  readonly redisServers: readonly LocalServer[];
  readonly redis: RedisClient;
  readonly shards: number;
}

/**
 * Starts Redis (one or a cluster), NATS, and two gateways as processes of their own, which must have
 * been built, and waits until both are ready.
 */
export async function startHistoryStage(
  options: { readonly isCluster?: boolean; readonly defect?: Defect } = {},
): Promise<HistoryStage> {
  const { isCluster = false } = options;
  const shards = isCluster ? SHARDS_OF_CLUSTER : SHARDS;
  const bed = await openBed('histories');
  try {
    const main = await copyBuilt(bed.folder, options.defect);
    const servers = isCluster ? await bed.redisCluster() : await bed.redis();
    const address = { REDIS_URL: servers.url, REDIS_CLUSTER: isCluster };
    const redis = openRedisOrCluster(address, 'histories', createLogger('histories', 'silent'));
    bed.onClose(() => redis.disconnect());
    await untilReady(redis, READY_WITHIN_MS);
    // A cluster's client is ready before its connections to all nodes are.
    const mark = (): Promise<boolean> =>
      keepShardsWhole(redis, shards).then(
        () => true,
        () => false,
      );
    await waitUntil(mark, { withinMs: READY_WITHIN_MS, what: 'the preparing of Redis' });
    const addresses = { redis: servers.url, nats: (await bed.nats()).url };
    const env = { REDIS_CLUSTER: `${isCluster}`, SHARDS: `${shards}` };
    const gateways = await Promise.all(
      ['gateway-0', 'gateway-1'].map((name) =>
        bed.service('api-gateway', addresses, { name, run: [main], env }),
      ),
    );
    await Promise.all(gateways.map((gateway) => bed.start(gateway)));
    const redisServers = 'masters' in servers ? servers.masters : [servers];
    return { bed, gateways, redisServers, redis, shards };
  } catch (error) {
    await bed.close();
    throw error;
  }
}

/** Copies the built gateway, so that a build beside a run disturbs nothing; gives its main file. */
async function copyBuilt(folder: string, defect: Defect | undefined): Promise<string> {
  const copy = join(folder, 'gateway');
  await cp(join(ROOT, 'api-gateway', 'dist'), copy, { recursive: true }).catch((cause: unknown) => {
    throw new Error('the gateway is not built; run `npm run build` first', { cause });
  });
  if (defect !== undefined) {
    const file = join(copy, defect.file);
    const parts = (await readFile(file, 'utf8')).split(defect.right);
    if (parts.length !== 2) throw new Error(`not once in ${defect.file}: "${defect.right}"`);
    await writeFile(file, parts.join(defect.wrong));
  }
  return join(copy, 'main.js');
}

/** Ends servers by SIGKILL in turn, again and again, and starts each of them again. */
export class KillInTurn {
  kills = 0;
  readonly #servers: readonly LocalServer[];
  readonly #stage: HistoryStage;

  /** All gateways must be ready again before the next server is killed. */
  constructor(servers: readonly LocalServer[], stage: HistoryStage) {
    this.#servers = servers;
    this.#stage = stage;
  }

  /** Goes on until the signal; then every server runs and every gateway is ready. */
  async killUntil(random: SeededRandom, signal: AbortSignal): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      const alive = random.integer(200, 1_500);
      await pause(alive, undefined, { signal }).catch(() => undefined);
      const server = this.#servers[turn % this.#servers.length];
      if (signal.aborted || server === undefined) return;
      await server.kill();
      this.kills += 1;
      await pause(random.integer(0, 300));
      await server.start();
      for (const gateway of this.#stage.gateways) await this.#stage.bed.start(gateway);
    }
  }
}

export interface RunOptions {
  /** Part of the file's name. */
  readonly name: string;
  readonly seed: number;
  readonly clients: number;
  readonly auctions: number;
  /** Makes auctions last longer: 1 for one to three seconds. */
  readonly stretch?: number;
  /** Goes on beside the clients until the signal; what it broke must work again at its end. */
  readonly disturb?: (random: SeededRandom, signal: AbortSignal) => Promise<void>;
}

/** Runs until every auction is over, and gives what clients heard and what the logs say. */
export async function runHistory(stage: HistoryStage, options: RunOptions): Promise<History> {
  const { name, seed, clients: count } = options;
  const { bed, gateways, redis } = stage;
  const random = new SeededRandom(seed);
  const known = new KnownAuctions(await createAuctions(stage, random.fork(), options));
  const commands: HistoryCommand[] = [];
  const ports = gateways.map(({ port }) => port);
  const clients = Array.from({ length: count + SELLING_CLIENTS }, (_, client) => {
    const userId = client >= count ? SELLER : `user-${Math.floor(client / CLIENTS_PER_USER)}`;
    const token = signToken(bed.secret, userId, ['bidder', 'seller']);
    const runs = new HistoryClient({ client, userId, token, ports }, commands, known);
    return { keys: `${seed}-${client}`, sells: userId === SELLER, runs };
  });
  try {
    const calm = new AbortController();
    const disturbance = options.disturb?.(random.fork(), calm.signal);
    const longestPauseMs = (2_000 * count) / COMMANDS_PER_SECOND;
    const until = performance.now() + RUN_LIMIT_MS;
    const isRunOver = (): boolean => known.areAllOver || performance.now() > until;
    try {
      await Promise.all(
        clients.map(({ keys, sells, runs }) =>
          runs.run(new RandomSteps(random.fork(), keys, sells), longestPauseMs, isRunOver),
        ),
      );
    } finally {
      calm.abort();
      await disturbance;
    }
    // After this no command that is still on its way can change anything.
    await untilReady(redis, RUN_LIMIT_MS);
    const ids = known.all.map(({ id }) => id);
    for (const id of ids) {
      const what = `the end of auction ${id}`;
      await waitUntil(() => isOver(stage, id), { withinMs: RUN_LIMIT_MS, what });
    }
    for (const id of ids) {
      for (const gateway of gateways.keys()) await clients[0]?.runs.read(id, gateway);
    }
    const logs = await Promise.all(ids.map((id) => readEvents(stage, id)));
    return { name, seed, commands, events: logs.flat() };
  } finally {
    for (const { runs } of clients) runs.close();
  }
}

async function createAuctions(
  { gateways }: HistoryStage,
  random: SeededRandom,
  { auctions, stretch = 1 }: RunOptions,
): Promise<KnownAuction[]> {
  const gatewayUrl = gateways[0]?.url ?? '';
  const seller = await clientOf(SELLER, ['bidder', 'seller'], { gatewayUrl });
  const now = Date.now();
  const requests = Array.from({ length: auctions }, () => randomAuction(random, now, stretch));
  const created = requests.map((request) => seller.createAuction(request));
  return (await Promise.all(created)).map(({ id, price, startsAt, endsAt }, i) => ({
    id,
    startPrice: price,
    minimumBid: price,
    startsAt: Date.parse(startsAt),
    endsAt: Date.parse(endsAt),
    latestEnd: Date.parse(requests[i]?.softClose?.hardEndsAt ?? endsAt) + MAX_EXTENSION_MS,
    isOver: false,
  }));
}

const keysOf = ({ shards }: HistoryStage, id: string) =>
  auctionKeys(shardOfId(id, shards) ?? 0, id);

/** True when nothing can follow in the log. */
async function isOver(stage: HistoryStage, auctionId: string): Promise<boolean> {
  const status = await stage.redis.hget(keysOf(stage, auctionId).auction, 'status');
  return status === 'ended' || status === 'cancelled';
}

/** Every event of an auction, in the order of its log. */
export async function readEvents(stage: HistoryStage, auctionId: string): Promise<LoggedEvent[]> {
  const entries = await stage.redis.xrange(keysOf(stage, auctionId).log, '-', '+');
  const lines = entries.flatMap(([, fields]) => eventLines(readLogEntry(auctionId, fields).text));
  return lines.map((line): LoggedEvent => {
    const { publicText, privateText } = splitEventLine(line);
    return {
      auctionId,
      public: ownJson<PublicEvent>(publicText),
      private: ownJson<PrivateEvent>(privateText),
    };
  });
}

const settings = z.object({
  /** Histories are kept in this folder; without it only those that are wrong, in a temporary one. */
  HISTORY_DIR: z.string().min(1).optional(),
  /** Runs this seed and no other, to look again at one that failed. */
  HISTORY_SEED: z.coerce.number().int().min(0).optional(),
});

/**
 * Runs several seeds one after the other and checks every history.
 * @returns what happened in all runs together
 * @throws Error naming the violations, the seed and the file with the history
 */
export async function runSeeds(
  stage: HistoryStage,
  { seeds, ...options }: Omit<RunOptions, 'seed'> & { readonly seeds: number },
): Promise<Summary> {
  const { HISTORY_DIR: folder, HISTORY_SEED: only } = settings.parse(process.env);
  const chosen =
    only === undefined ? Array.from({ length: seeds }, () => randomInt(2 ** 32)) : [only];
  const total: Record<string, number> = {};
  for (const seed of chosen) {
    const began = performance.now();
    const history = await runHistory(stage, { ...options, seed });
    const ran = performance.now();
    const violations = checkHistory(history);
    const summary = summarize(history);
    for (const [name, count] of Object.entries(summary)) total[name] = (total[name] ?? 0) + count;
    const times = `run ${seconds(ran - began)}, checked in ${seconds(performance.now() - ran)}`;
    console.log(`${options.name}, seed ${seed}, ${times}: ${summaryText(summary)}`);
    const isWrong = violations.length > 0;
    const isKept = isWrong || folder !== undefined;
    const file = join(folder ?? tmpdir(), `${history.name}-${seed}.json`);
    if (isKept) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, JSON.stringify(history, null, 1));
    }
    if (!isWrong) continue;
    const shown = violations.slice(0, MAX_VIOLATIONS_SHOWN).map(violationText).join('\n\n');
    const what = `${violations.length} violation(s)`;
    throw new Error(`seed ${seed}, history in ${file}: ${what}\n${shown}`);
  }
  return total;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Counts by name; a name that did not occur is missing. */
type Summary = Readonly<Record<string, number>>;

/**
 * Counts commands by outcome (refusals by code), replays, and events by type; `event extending`
 * counts bids that moved the end, `event <outcome>` auctions that ended so.
 */
function summarize({ commands, events }: History): Summary {
  const counts: Record<string, number> = {};
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const command of commands) {
    const code = command.answer?.body['code'];
    count('commands');
    count(typeof code === 'string' ? code : outcomeOf(command));
    if (command.answer?.replayed === true) count('replayed');
  }
  const endsAt = new Map<string, string>();
  for (const event of events) {
    const { type, state } = event.public;
    count(`event ${type}`);
    if (state.outcome !== undefined) count(`event ${state.outcome}`);
    const before = endsAt.get(event.auctionId);
    if (type === 'bid' && before !== undefined && before !== state.endsAt) count('event extending');
    endsAt.set(event.auctionId, state.endsAt);
  }
  return counts;
}

const summaryText = (summary: Summary): string =>
  Object.entries(summary)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
