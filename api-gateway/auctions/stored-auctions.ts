import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { luaFile, readingScript } from '../adapters/redis/lua-files.ts';
import { asked, notWhole } from '../adapters/redis/run-failure.ts';
import { ServerRunId } from '../adapters/redis/run-id.ts';
import type { Answer } from '../bidding/auction-commands.ts';
import { parseAnswer } from '../bidding/parse-answers.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    readAuction(
      whole: string,
      auction: string,
      userId: string,
      runId: string,
    ): Result<string[], Context>;
  }
}

/** What is stored; `due` when the script must first act on it. */
export type AuctionReading = Answer | 'due';

export class StoredAuctions {
  readonly #redis: RedisClient;
  readonly #runId: ServerRunId;

  constructor(redis: RedisClient) {
    redis.defineCommand('readAuction', {
      numberOfKeys: 2,
      lua: readingScript(luaFile('packed') + luaFile('read-auction')),
    });
    this.#redis = redis;
    this.#runId = new ServerRunId(redis);
  }

  /**
   * @param userId whose own state is read; '' for the auction's public state
   * @throws NotRunError when it cannot be read now
   */
  async read(shard: number, auctionId: string, userId: string): Promise<AuctionReading> {
    const { whole } = shardKeys(shard);
    const { auction } = auctionKeys(shard, auctionId);
    const reading = this.#redis.readAuction(whole, auction, userId, this.#runId.current);
    const [state, answer = '', terms = ''] = await asked(reading);
    if (state === 'UNAVAILABLE') throw notWhole();
    return state === 'DUE' ? 'due' : parseAnswer(answer, terms);
  }
}
