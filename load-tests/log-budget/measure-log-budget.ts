/**
 * How many bids, and how many hours, Redis can hold when nothing is archived: places bids through
 * the decide script on a Redis of its own and weighs what they leave behind.
 *
 *     npx tsx load-tests/log-budget/measure-log-budget.ts
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { readArguments, runProgram } from '../command-line.ts';
import { readyRedis } from '../ready-redis.ts';

const SHARDS = 1;
const BIDS = 50_000;
const BIDDERS = 500;
/** Bids in one script call: alone, and as group commit makes them on a busy auction. */
const BATCHES = [1, 16, 128];
const GIB = 1024 ** 3;
/** The gateway refuses bids above this share of `maxmemory`. */
const USABLE_SHARE = 0.9;
const BID_RATES = [100, 1_000, 5_000];
const USAGE = 'npx tsx load-tests/log-budget/measure-log-budget.ts';

interface Weight {
  readonly batch: number;
  /** Bytes a bid: of the log, and of everything together. */
  readonly log: number;
  readonly total: number;
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

/** Bidders raise each other by exact bids, each under a key of its own, as SDKs send them. */
async function weigh(redis: Redis, batch: number, signal: AbortSignal): Promise<Weight> {
  const auctions = new ScriptedAuctions(redis, SHARDS);
  const auctionId = `a0-batch${batch}`;
  await auctions.create(auctionId);
  const before = await usedMemory(redis);
  for (let placed = 0; placed < BIDS; placed += batch) {
    signal.throwIfAborted();
    const bids = Array.from({ length: batch }, (_, i) => ({
      userId: `user-${String((placed + i) % BIDDERS).padStart(12, '0')}`,
      amount: 10_000 * (placed + i + 1),
      key: randomUUID(),
    }));
    const answers = await auctions.bid(auctionId, ...bids);
    if (!answers.every((answer) => answer.startsWith('+OK'))) throw new Error(answers.join('\n'));
  }
  const total = ((await usedMemory(redis)) - before) / BIDS;
  const log = await redis.memory('USAGE', auctionKeys(0, auctionId).log, 'SAMPLES', 0);
  return { batch, log: (log ?? 0) / BIDS, total };
}

async function measure(redis: Redis, signal: AbortSignal): Promise<void> {
  await markShardsWhole(redis, SHARDS);
  console.log('bids a call   log, bytes a bid   all, bytes a bid   bids a GiB   hours a GiB at');
  console.log(`${' '.repeat(63)}${BID_RATES.map((rate) => `${rate}/s`.padStart(8)).join('')}`);
  for (const batch of BATCHES) {
    const { log, total } = await weigh(redis, batch, signal);
    const bids = (GIB * USABLE_SHARE) / total;
    const hours = BID_RATES.map((rate) => (bids / rate / 3600).toFixed(2).padStart(8)).join('');
    console.log(
      `${String(batch).padStart(11)}${log.toFixed(0).padStart(19)}${total.toFixed(0).padStart(19)}` +
        `${Math.round(bids).toLocaleString('en').padStart(13)}${' '.repeat(1)}${hours}`,
    );
  }
}

await runProgram(USAGE, async (args, signal) => {
  readArguments({ args });
  const folder = await mkdtemp(join(tmpdir(), 'outcry-log-budget-'));
  let server: LocalServer | undefined;
  let redis: Redis | undefined;
  try {
    server = await startRedis({ dataDir: folder, args: ['--appendfsync', 'no'] });
    redis = await readyRedis(server.url, 'log-budget');
    await measure(redis, signal);
  } finally {
    redis?.disconnect();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return true;
});
