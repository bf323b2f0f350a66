import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { AuctionReading, StoredAuctions } from '../../bidding/read-auctions.ts';
import { parseAnswer } from '../../bidding/parse-answers.ts';
import { luaFile, readingScript } from './lua-files.ts';
import { asked, notWhole } from './redis-lists.ts';
import { ServerRunId } from './run-id.ts';

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

export class RedisStoredAuctions implements StoredAuctions {
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

  async read(shard: number, auctionId: string, userId: string): Promise<AuctionReading> {
    const { whole } = shardKeys(shard);
    const { auction } = auctionKeys(shard, auctionId);
    const reading = this.#redis.readAuction(whole, auction, userId, this.#runId.current);
    const [state, answer = '', terms = ''] = await asked(reading);
    if (state === 'UNAVAILABLE') throw notWhole();
    return state === 'DUE' ? 'due' : parseAnswer(answer, terms);
  }
}
