/** The engine's adapter: calls the decide script and reads its reply. */
import type { Result } from 'ioredis';
import {
  auctionKeys,
  decideKeysOfAuction,
  decideKeysOfShard,
  shardKeys,
} from '@outcry/shared/contracts/keys.ts';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import {
  MayHaveRunError,
  needsMemory,
  newBidId,
  newSalt,
  type AuctionBatch,
  type AuctionCommand,
  type AuctionDecider,
  type Decisions,
  type NewAuction,
} from '../../bidding/auction-commands.ts';
import { allFailed, readReply } from './decide-reply.ts';
import { luaFile, script, scriptForFullRedis } from './lua-files.ts';
import { ReplicatedCalls } from './replicated-calls.ts';
import { runFailure } from './run-failure.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

/** The script is one text made of these files, in this order. */
const SCRIPT_FILES = [
  'text',
  'room',
  'auction',
  'time',
  'bids',
  'seller',
  'commands',
  'write',
  'decide',
];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    decideAuctions(keyCount: number, ...keysAndArguments: string[]): Result<unknown, Context>;
    /** The same script, allowed to run when Redis is at its memory limit. */
    decideInFullRedis(keyCount: number, ...keysAndArguments: string[]): Result<unknown, Context>;
  }
}

/**
 * Commands to be left out of the client library's automatic pipelines: it sends a pipeline only
 * when the whole answer to the last one has arrived, so the gateway and Redis would work in turns.
 */
export const DECIDE_COMMANDS = ['decideAuctions', 'decideInFullRedis'];

/** The script as it runs in production, put together from its files. */
export const decideScriptBody = (): string => SCRIPT_FILES.map(luaFile).join('\n');

export class DecideScript implements AuctionDecider {
  readonly #redis: RedisClient;
  readonly #replicated: ReplicatedCalls | undefined;

  /**
   * @param body the script's text without its first line: {@link decideScriptBody}
   * @param openForReplica opens one of the connections on which commands wait until a replica has
   *   what they wrote; without it Redis's own fsync is enough
   */
  constructor(redis: RedisClient, body: string, openForReplica?: () => RedisClient) {
    redis.defineCommand('decideAuctions', { lua: script(body) });
    redis.defineCommand('decideInFullRedis', { lua: scriptForFullRedis(body) });
    this.#redis = redis;
    if (openForReplica !== undefined) {
      this.#replicated = new ReplicatedCalls(openForReplica, script(body));
    }
  }

  close(): void {
    this.#replicated?.close();
  }

  /**
   * Each shard gets a call of its own, and so do reads and the passing of time, which then work in a
   * full Redis.
   */
  async decide(batches: readonly AuctionBatch[]): Promise<Decisions> {
    const byCall = groupBy(batches, (batch) => batch.shard * 2 + (isWrite(batch) ? 1 : 0));
    const calls = Array.from(byCall, ([call, own]) =>
      this.#call(Math.floor(call / 2), own, call % 2 === 1),
    );
    const [only] = calls;
    if (only !== undefined && calls.length === 1) return only;
    return new Map((await Promise.all(calls)).flatMap((decisions) => Array.from(decisions)));
  }

  async #call(
    shard: number,
    batches: readonly AuctionBatch[],
    writes: boolean,
  ): Promise<Decisions> {
    const keys = callKeys(shard, batches);
    const callArguments = [...keys, ...argumentsOf(shard, batches)];
    try {
      // Reads and the passing of time answer nobody's bid, so they wait for no replica.
      const reply = writes
        ? await this.#write(shard, keys.length, callArguments)
        : await this.#redis.decideInFullRedis(keys.length, ...callArguments);
      return readReply(batches, reply);
    } catch (error) {
      const failed = error instanceof MayHaveRunError ? error : runFailure(error);
      return allFailed(batches, failed);
    }
  }

  #write(shard: number, keyCount: number, callArguments: readonly string[]): Promise<unknown> {
    if (this.#replicated === undefined) {
      return this.#redis.decideAuctions(keyCount, ...callArguments);
    }
    return this.#replicated.call(shardKeys(shard).replicated, keyCount, callArguments);
  }
}

const isWrite = ({ commands }: AuctionBatch): boolean => commands.some(needsMemory);

function callKeys(shard: number, batches: readonly AuctionBatch[]): string[] {
  const keys = decideKeysOfShard(shard);
  for (const { auctionId, commands } of batches) {
    keys.push(...decideKeysOfAuction(shard, auctionId, creationOf(commands)?.itemId));
  }
  return keys;
}

function argumentsOf(shard: number, batches: readonly AuctionBatch[]): string[] {
  const { noticesChannel, dueChannel, tracesChannel } = shardKeys(shard);
  const packed: string[] = [noticesChannel, dueChannel, tracesChannel];
  for (const { auctionId, commands } of batches) {
    const creation = creationOf(commands);
    packed.push(
      auctionId,
      auctionKeys(shard, auctionId).liveChannel,
      newSalt(),
      commands.find(({ trace }) => trace !== undefined)?.trace ?? '',
      creation?.creationText ?? '',
      creation?.openTermsText ?? '',
      creation?.itemText ?? '',
      `${commands.length}`,
    );
    for (const command of commands) packed.push(packCommand(command));
  }
  return packed;
}

/** By its text the script knows that an item's key comes along. */
const creationOf = (commands: readonly AuctionCommand[]): NewAuction | undefined =>
  commands.find(({ creation }) => creation !== undefined && creation.creationText !== '')?.creation;

/**
 * kind|user|a or empty|bid id|amount|maximum|salt|fingerprint|key, as the script cuts it. Fields are
 * not checked here: the script refuses a command that it cannot read, and no other with it.
 */
function packCommand(command: AuctionCommand): string {
  const { kind, userId, admin, amount, maxAmount, fingerprint, key } = command;
  // A separator would move the fields behind it, and the script might read another command.
  if (userId.includes('|') || fingerprint.includes('|')) return 'unreadable';
  const ids = needsMemory(command) ? [newBidId(), newSalt()] : ['', ''];
  return `${kind}|${userId}|${admin ? 'a' : ''}|${ids[0]}|${amount}|${maxAmount}|${ids[1]}|${fingerprint}|${key}`;
}
