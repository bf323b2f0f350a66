/** The decide script: the gateway's adapter against the same calls from `redis-benchmark`. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  DecideScript,
  decideScriptBody,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import type { AuctionCommand } from '@outcry/api-gateway/bidding/auction-commands.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { needProgram } from '../command-line.ts';
import { openWindow } from '../system/machine.ts';
import { SHARDS, type TestBed } from '../system/system.ts';
import { figuresOf, keepCalling, roundOf, runGenerator, type LoadResult } from './generators.ts';
import { BIDDERS, FIRST_AMOUNT } from './http.ts';
import type { Measurement, RoundOptions } from './rounds.ts';

const BATCH = 32;
const SCRIPT_AUCTION = 'a0-bench';
const SCRIPT_SALE = 's0-bench';
/** Of each bidder, above what the bids of a round come to. */
const LIMIT = FIRST_AMOUNT * 5;
/** Of a first, short round, which says how many make a second. */
const FIRST_GUESS = 1_000;
/** The bids of a call are written with this and their place in the call, which makes 12 digits. */
const MARK = '9000000';
const PLACES = 100_000;
const COUNTER = '{s0}:bench-bids';
const AMOUNT_STEP = 10;

/**
 * The decide script behind some lines that replace each bid's place by its number since the start.
 * `redis-benchmark` can only repeat one call, whose second bid would be too low without them. They
 * cost one INCRBY a call and little for each argument, to whoever calls the script.
 *
 * @param batch bids in a call
 */
const numberingScript = (batch: number): string => `
local bids_before = redis.call('INCRBY', '${COUNTER}', ${batch}) - ${batch}
for i = 1, #ARGV do
  local function number(place) return bids_before + tonumber(place) end
  ARGV[i] = string.gsub(ARGV[i], 'bidder%-${MARK}(%d%d%d%d%d)', function(place)
    return string.format('bidder-%d', number(place) % ${BIDDERS})
  end)
  ARGV[i] = string.gsub(ARGV[i], '${MARK}(%d%d%d%d%d)', function(place)
    return string.format('%.0f', ${FIRST_AMOUNT} + number(place) * ${AMOUNT_STEP})
  end)
end
${decideScriptBody()}`;

/**
 * Calls the script as the gateway does: maximum bids with a key each, by other bidders in turn.
 * @returns makes one call and gives its number of bids
 */
function caller(redis: Redis, batch: number): () => Promise<number> {
  const decider = new DecideScript(redis, numberingScript(batch));
  const commands = Array.from({ length: batch }, (_, i): AuctionCommand => {
    const place = Number(MARK) * PLACES + i;
    return {
      kind: 'bid',
      userId: `bidder-${place}`,
      admin: false,
      amount: 0,
      maxAmount: place,
      key: `key-${place}`,
      fingerprint: 'f'.repeat(22),
    };
  });
  return async () => {
    const call = { shard: 0, auctionId: SCRIPT_AUCTION, commands };
    const decision = (await decider.decide([call])).get(SCRIPT_AUCTION);
    if (decision?.kind !== 'decided') throw new Error('a call was not decided');
    const { answers } = decision.batch;
    const refused = answers.find((answer) => !answer.startsWith('+OK'));
    if (refused !== undefined) throw new Error(`a bid was answered ${refused}`);
    return answers.length;
  };
}

/** A Redis that fsyncs every write, and nothing else. @throws Error when there is no redis-benchmark */
export const scriptRedisOn = (bed: TestBed) =>
  bed.shared('script', async () => {
    const how = 'It comes with Redis (Debian: redis-tools)';
    const benchmark = await needProgram('redis-benchmark', how);
    bed.say('starting a Redis for script calls');
    const server = await bed.redis('redis-of-script');
    const connection = await bed.connection(server.url);
    const auctions = new ScriptedAuctions(connection, SHARDS);
    return {
      server,
      /**
       * Empties Redis and opens the auction: no round pays for what the ones before it left behind.
       * @param isLot it is a lot of a sale whose bidders have limits
       */
      async openAuction(isLot = false): Promise<void> {
        await connection.flushall('SYNC');
        await markShardsWhole(connection, SHARDS);
        const bidders = Array.from({ length: BIDDERS }, (_, i) => `bidder-${i}`);
        if (isLot) await auctions.createSale(SCRIPT_SALE, LIMIT, bidders);
        const sale = isLot ? { saleId: SCRIPT_SALE } : {};
        await auctions.create(SCRIPT_AUCTION, { startPrice: 1, increments: '0:1', ...sale });
      },
      /** Events of the auction, each an accepted bid but the first two. */
      events: async () => (await storedAuction(connection, 0, SCRIPT_AUCTION)).seq,
      /** @returns makes calls, over a connection of its own */
      async calling(batch: number) {
        return caller(await bed.connection(server.url, { enableAutoPipelining: true }), batch);
      },
      /**
       * What the gateway sends for such a call, word for word; the script is then known to Redis.
       * @returns a command for `redis-benchmark`: `EVALSHA`, its arguments
       */
      async captureCall(batch: number): Promise<string[]> {
        const redis = await bed.connection(server.url);
        let sent: string[] | undefined;
        const send = redis.sendCommand.bind(redis);
        redis.sendCommand = (command, ...others) => {
          if (command.name === 'evalsha') sent ??= ['EVALSHA', ...command.args.map(String)];
          return send(command, ...others);
        };
        await caller(redis, batch)();
        if (sent === undefined) throw new Error('the gateway called no script');
        return sent;
      },
      /**
       * A generator that repeats one command on that many connections, each of which waits for its
       * reply. It counts commands; so many a second as it had last make up its next round's length.
       */
      repeating(command: readonly string[]) {
        let guess = FIRST_GUESS;
        return async ({ connections, seconds, signal }: RoundOptions): Promise<LoadResult> => {
          const count = Math.max(1, Math.round(guess * seconds));
          const load = ['-p', `${server.port}`, '-c', `${connections}`, '-n', `${count}`, '--csv'];
          const line = await runGenerator(benchmark, [...load, ...command], signal);
          // "the command","calls a second","mean ms","least","p50","p95","p99","most"
          const figures =
            /"([\d.]+)","[\d.]+","[\d.]+","([\d.]+)","[\d.]+","([\d.]+)","[\d.]+"\s*$/;
          const [, perSecond, p50Ms = NaN, p99Ms = NaN] = (figures.exec(line) ?? []).map(Number);
          if (perSecond === undefined) throw new Error(`redis-benchmark wrote:\n${line}`);
          guess = perSecond;
          const none = { refused: 0, broken: 0 };
          return { answered: count, ...none, seconds: count / perSecond, p50Ms, p99Ms };
        };
      },
    };
  });

/** The least that a durable write can cost: every answer waits for its fsync. */
const set: Measurement = {
  name: 'set',
  title: 'redis-benchmark, SET',
  counts: 'writes',
  async prepare(bed) {
    const script = await scriptRedisOn(bed);
    const load = script.repeating(['SET', 'bench', 'value']);
    return async (options) => {
      const round = await roundOf({ redis: [script.server.pid()] }, () => load(options));
      return figuresOf(round, round.result.answered);
    };
  },
};

/** Every round has an auction of its own, whose events are counted when it is over. */
const acceptedInScript = (
  name: string,
  comparedTo: string,
  batch: number,
  by: 'redis-benchmark' | "the gateway's adapter",
  isLot = false,
): Measurement => ({
  name,
  comparedTo,
  title: `${by}, the decide script with ${batch} a call${isLot ? ', on a lot with limits' : ''}`,
  counts: 'accepted bids',
  async prepare(bed) {
    const script = await scriptRedisOn(bed);
    await script.openAuction(isLot);
    const call = await script.calling(batch);
    const repeat =
      by === 'redis-benchmark' ? script.repeating(await script.captureCall(batch)) : undefined;
    const load = async (options: RoundOptions): Promise<LoadResult> => {
      if (repeat === undefined) return keepCalling(call, options);
      const result = await repeat(options);
      return { ...result, answered: result.answered * batch };
    };
    return async (options) => {
      await script.openAuction(isLot);
      const before = await script.events();
      const round = await roundOf({ redis: [script.server.pid()] }, () => load(options));
      const accepted = (await script.events()) - before;
      const { answered } = round.result;
      if (accepted === answered) return figuresOf(round, accepted, { 'bids a call': batch });
      throw new Error(`${answered} bids were sent, ${accepted} are events`);
    };
  },
});

const BUDGET_BIDS = 50_000;
const BUDGET_BIDDERS = 500;

/**
 * What a bid takes of Redis's memory while nothing is archived. Bidders raise each other by exact
 * bids, each under a key of its own, as SDKs send them.
 * @param batch bids in one script call: alone, or as group commit makes them on a busy auction
 */
const logBudget = (batch: number): Measurement => ({
  name: `log-budget-${batch}`,
  title: `what a bid leaves in Redis until it is archived, ${batch} in a script call`,
  counts: 'bids placed',
  warmsUp: false,
  async prepare(bed) {
    const server = await bed.shared('log-budget', () =>
      bed.redis('redis-of-log-budget', { whole: true, args: ['--appendfsync', 'no'] }),
    );
    const redis = await bed.connection(server.url);
    const auctions = new ScriptedAuctions(redis, SHARDS);
    const usedBytes = async (): Promise<number> =>
      Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    return async ({ signal }) => {
      const auctionId = `a0-budget-${randomUUID()}`;
      await auctions.create(auctionId);
      const before = await usedBytes();
      const close = openWindow({ redis: [server.pid()] });
      for (let placed = 0; placed < BUDGET_BIDS; placed += batch) {
        signal.throwIfAborted();
        const bids = Array.from({ length: batch }, (_, i) => ({
          userId: `user-${String((placed + i) % BUDGET_BIDDERS).padStart(12, '0')}`,
          amount: 10_000 * (placed + i + 1),
          key: randomUUID(),
        }));
        const answers = await auctions.bid(auctionId, ...bids);
        const refused = answers.find((answer) => !answer.startsWith('+OK'));
        if (refused !== undefined) throw new Error(`a bid was answered ${refused}`);
      }
      const { cores, seconds } = close();
      const all = ((await usedBytes()) - before) / BUDGET_BIDS;
      const log = await redis.memory('USAGE', auctionKeys(0, auctionId).log, 'SAMPLES', 0);
      const figures = { 'log, bytes a bid': (log ?? 0) / BUDGET_BIDS, 'all, bytes a bid': all };
      return { perSecond: BUDGET_BIDS / seconds, cores, figures };
    };
  },
});

export const scriptMeasurements: readonly Measurement[] = [
  set,
  acceptedInScript('bare-script', 'set', BATCH, 'redis-benchmark'),
  acceptedInScript('bare-script-single', 'set', 1, 'redis-benchmark'),
  acceptedInScript('bare-script-lot', 'bare-script-single', 1, 'redis-benchmark', true),
  acceptedInScript('script', 'bare-script', BATCH, "the gateway's adapter"),
  acceptedInScript('script-single', 'bare-script-single', 1, "the gateway's adapter"),
  ...[1, 16, 128].map(logBudget),
];
