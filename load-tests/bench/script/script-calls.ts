/** Calls of the decide script that can be repeated word for word: their bids number themselves. */
import type { Redis } from 'ioredis';
import {
  decideScriptBody,
  DecideScript,
} from '@outcry/api-gateway/adapters/redis/decide-script.ts';
import type { AuctionCommand } from '@outcry/api-gateway/bidding/auction-commands.ts';
import { readyRedis } from '../../system/redis.ts';
import { BIDDERS, FIRST_AMOUNT } from '../http/gateway.ts';

export const SCRIPT_AUCTION = 'a0-bench';
const SCRIPT_SHARD = 0;

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

/** Maximum bids with a key each, by other bidders in turn. */
function bidsOf(batch: number): AuctionCommand[] {
  return Array.from({ length: batch }, (_, i) => {
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
}

/** Calls the script as the gateway does. @returns makes one call and gives its number of bids */
function caller(redis: Redis, batch: number): () => Promise<number> {
  const decider = new DecideScript(redis, numberingScript(batch));
  const commands = bidsOf(batch);
  return async () => {
    const call = { shard: SCRIPT_SHARD, auctionId: SCRIPT_AUCTION, commands };
    const decision = (await decider.decide([call])).get(SCRIPT_AUCTION);
    if (decision?.kind !== 'decided') throw new Error('a call was not decided');
    const { answers } = decision.batch;
    const refused = answers.find((answer) => !answer.startsWith('+OK'));
    if (refused !== undefined) throw new Error(`a bid was answered ${refused}`);
    return answers.length;
  };
}

/** @returns what calls, on a connection of its own @throws Error when Redis does not answer */
export async function openScriptCaller(redisUrl: string, batch: number) {
  const redis = await readyRedis(redisUrl, 'bench', { enableAutoPipelining: true });
  return { call: caller(redis, batch), close: () => redis.disconnect() };
}

/**
 * What the gateway sends for such a call, word for word; the script is then known to Redis.
 * @returns a command for `redis-benchmark`: `EVALSHA`, its arguments
 */
export async function captureCall(redisUrl: string, batch: number): Promise<string[]> {
  const redis = await readyRedis(redisUrl, 'bench');
  let sent: string[] | undefined;
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, ...others) => {
    if (command.name === 'evalsha') sent ??= ['EVALSHA', ...command.args.map(String)];
    return send(command, ...others);
  };
  await caller(redis, batch)().finally(() => redis.disconnect());
  if (sent === undefined) throw new Error('the gateway called no script');
  return sent;
}
