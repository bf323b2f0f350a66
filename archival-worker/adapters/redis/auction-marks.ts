import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { chunksOf, groupBy } from '@outcry/shared/domain/group-by.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { ArchivedPrefix } from '../../archive/ports.ts';
import { lua, ShardedRedis } from './sharded-redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    moveMarks(numberOfKeys: number, ...keysAndArguments: string[]): Result<string[], Context>;
  }
}

/** While a call runs, Redis decides no bid. */
const AUCTIONS_IN_CALL = 100;
const MOVE_LIMIT_MS = 2_000;

type MarkName = 'archived' | 'blocked' | 'unblocked' | 'closed' | 'sealed';

/** An auction whose mark is to be moved; without a place where the mark has none. */
interface Marked {
  readonly auctionId: string;
  readonly epoch?: number;
  readonly seq?: number;
}

/** An auction that is sealed, or to be sealed, at which last event. */
export type SealNotice = ArchivedPrefix;

/**
 * What Redis said of a seal: it marked the auction as sealed; it does not have the auction any more; or
 * its last event is another one than the seal's, so that it must not forget the auction.
 */
export type RedisAnswer = 'sealed' | 'gone' | 'differs';

/** Redis holds wrong data of these auctions, so their marks stay; those of all others were moved. */
export class UnmovableMarksError extends Error {
  override readonly name = 'UnmovableMarksError';

  /** @param reasons why, by auction */
  constructor(reasons: ReadonlyMap<string, string>) {
    const [[auctionId, reason] = []] = reasons;
    super(`marks of ${reasons.size} auctions cannot be moved, of "${auctionId}": ${reason}`);
  }
}

/**
 * The marks in the auctions' hashes that the archive moves, many auctions of a shard in one call. Unknown
 * auctions change nothing. What moves marks throws an UnmovableMarksError, or any other Error when Redis
 * did not confirm all of them.
 */
export class RedisAuctionMarks extends ShardedRedis {
  constructor(redis: RedisClient, shards: number) {
    super(redis, shards, MOVE_LIMIT_MS);
    redis.defineCommand('moveMarks', { lua: lua('move-marks') });
  }

  /** Raises the auctions' archived watermarks; lower ones change nothing. */
  async raise(prefixes: readonly ArchivedPrefix[]): Promise<void> {
    await this.#moveAll('archived', prefixes);
  }

  /**
   * Marks auctions as blocked: an entry of theirs can never be stored, so publishing it again
   * cannot help.
   */
  async block(auctionIds: readonly string[]): Promise<void> {
    await this.#moveAll('blocked', auctionIds.map(withoutPlace));
  }

  /** The keeper may publish again what these auctions lack. */
  async unblock(auctionIds: readonly string[]): Promise<void> {
    await this.#moveAll('unblocked', auctionIds.map(withoutPlace));
  }

  /**
   * Closes auctions at their last event, so that nothing follows while they are sealed.
   * @returns those that are closed now, or not in Redis; the others have events that the archive does not
   */
  async close(auctions: readonly SealNotice[]): Promise<ReadonlySet<string>> {
    const replies = [...(await this.#move('closed', auctions))];
    return new Set(replies.flatMap(([id, reply]) => (/^(moved|gone)$/.test(reply) ? [id] : [])));
  }

  /**
   * Marks sealed auctions, so that the keeper forgets them.
   * @param keptMs how long they are kept from now on
   * @returns what Redis said of each auction; nothing of those that it holds wrong data of
   */
  async seal(notices: readonly SealNotice[], keptMs: number): Promise<Map<string, RedisAnswer>> {
    const answers = new Map<string, RedisAnswer>();
    for (const [auctionId, reply] of await this.#move('sealed', notices, keptMs)) {
      if (reply === 'moved') answers.set(auctionId, 'sealed');
      else if (reply === 'gone' || reply === 'differs') answers.set(auctionId, reply);
    }
    return answers;
  }

  /** @throws UnmovableMarksError after all others were moved */
  async #moveAll(mark: MarkName, marked: readonly Marked[]): Promise<void> {
    const replies = await this.#move(mark, marked);
    const failed = [...replies].filter(([, reply]) => reply !== 'moved' && reply !== 'gone');
    if (failed.length > 0) throw new UnmovableMarksError(new Map(failed));
  }

  /** @returns what the script said of each auction */
  async #move(mark: MarkName, marked: readonly Marked[], keptMs = 0): Promise<Map<string, string>> {
    const replies = new Map<string, string>();
    const byShard = groupBy(marked, ({ auctionId }) => shardOfId(auctionId, this.shards));
    const calls = Array.from(byShard).flatMap(([shard, ofShard]) => {
      // Not one of this system's auctions: Redis has never had it.
      if (shard === undefined) {
        for (const { auctionId } of ofShard) replies.set(auctionId, 'gone');
        return [];
      }
      return chunksOf(ofShard, AUCTIONS_IN_CALL).map(async (chunk) => {
        const { lagging, sealed } = shardKeys(shard);
        const keys: string[] = [lagging, sealed];
        const args = [mark, `${keptMs}`];
        for (const { auctionId, epoch = '', seq = '' } of chunk) {
          const { auction, log } = auctionKeys(shard, auctionId);
          keys.push(auction, log);
          args.push(auctionId, `${epoch}`, `${seq}`);
        }
        const answers = await this.redis.moveMarks(keys.length, ...keys, ...args);
        for (const [i, { auctionId }] of chunk.entries()) replies.set(auctionId, answers[i] ?? '');
      });
    });
    await this.ask(Promise.all(calls), `moving ${mark} marks in Redis`);
    return replies;
  }
}

const withoutPlace = (auctionId: string): Marked => ({ auctionId });
