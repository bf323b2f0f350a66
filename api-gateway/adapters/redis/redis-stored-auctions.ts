import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { NotRunError } from '../../bidding/auction-commands.ts';
import type { AuctionReading, StoredAuctions } from '../../bidding/read-auctions.ts';
import { parseAnswer } from '../../bidding/receipts.ts';
import { luaFile, readingScript } from './lua-files.ts';
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

/** Its asker is answered within 2 s. */
const LIMIT_MS = 1_900;

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
    const [state, answer = '', terms = ''] = await withTimeLimit(
      reading,
      LIMIT_MS,
      'reading an auction',
    ).catch((error: unknown): never => {
      throw new NotRunError('Redis did not answer', { cause: error });
    });
    if (state === 'UNAVAILABLE') throw new NotRunError('Redis waits for its data to be restored');
    return state === 'DUE' ? 'due' : { answer: parseAnswer(answer), terms };
  }
}
