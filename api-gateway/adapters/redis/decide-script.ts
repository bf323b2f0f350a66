/** The engine's adapter: calls the decide script and reads its reply. */
import type { Result } from 'ioredis';
import { auctionKeys, decideKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import {
  MayHaveRunError,
  needsMemory,
  newBidId,
  newSalt,
  NotRunError,
  type AuctionCommand,
  type AuctionDecider,
  type AuctionHead,
  type DecidedBatch,
} from '../../bidding/auction-commands.ts';
import { luaFile, script, scriptForFullRedis } from './lua-files.ts';
import { ReplicatedCalls } from './replicated-calls.ts';
import { runFailure } from './run-failure.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

/** The script is one text made of these files, in this order. */
const SCRIPT_FILES = ['text', 'auction', 'time', 'bids', 'seller', 'decide'];
const KEY_COUNT = 12;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    decideAuction(...keysAndArguments: string[]): Result<string[], Context>;
    /** The same script, allowed to run when Redis is at its memory limit. */
    decideInFullRedis(...keysAndArguments: string[]): Result<string[], Context>;
  }
}

/** The script as it runs in production, put together from its files. */
export const decideScriptBody = (): string => SCRIPT_FILES.map(luaFile).join('\n');

export class DecideScript implements AuctionDecider {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #replicated: ReplicatedCalls | undefined;

  /**
   * @param body the script's text without its first line: {@link decideScriptBody}
   * @param openForReplica opens one of the connections on which commands wait until a replica has
   *   what they wrote; without it Redis's own fsync is enough
   */
  constructor(
    redis: RedisClient,
    shards: number,
    body: string,
    openForReplica?: () => RedisClient,
  ) {
    redis.defineCommand('decideAuction', { numberOfKeys: KEY_COUNT, lua: script(body) });
    redis.defineCommand('decideInFullRedis', {
      numberOfKeys: KEY_COUNT,
      lua: scriptForFullRedis(body),
    });
    this.#redis = redis;
    this.#shards = shards;
    if (openForReplica !== undefined) {
      this.#replicated = new ReplicatedCalls(openForReplica, script(body), KEY_COUNT);
    }
  }

  close(): void {
    this.#replicated?.close();
  }

  async decide(auctionId: string, commands: readonly AuctionCommand[]): Promise<DecidedBatch> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) throw new NotRunError(`no shard holds ${auctionId}`);
    const callArguments = scriptArguments(shard, auctionId, commands);
    let reply: string[];
    try {
      // Reads and the passing of time answer nobody's bid, so they wait for no replica.
      reply = commands.some(needsMemory)
        ? await this.#run(shard, callArguments)
        : await this.#redis.decideInFullRedis(...callArguments);
    } catch (error) {
      throw error instanceof MayHaveRunError ? error : runFailure(error);
    }
    if (reply[0] !== 'OK') {
      throw new NotRunError('Redis waits for its data to be restored');
    }
    return readReply(auctionId, reply);
  }

  #run(shard: number, callArguments: readonly string[]): Promise<string[]> {
    if (this.#replicated === undefined) return this.#redis.decideAuction(...callArguments);
    return this.#replicated.call(shardKeys(shard).replicated, callArguments);
  }
}

function scriptArguments(
  shard: number,
  auctionId: string,
  commands: readonly AuctionCommand[],
): string[] {
  const shared = shardKeys(shard);
  const own = auctionKeys(shard, auctionId);
  const creation = commands.find((command) => command.creation !== undefined)?.creation;
  const packed = [
    ...decideKeys(shard, auctionId, creation?.itemId),
    auctionId,
    own.liveChannel,
    shared.noticesChannel,
    shared.dueChannel,
    newSalt(),
    creation?.creationText ?? '',
    creation?.openTermsText ?? '',
    creation?.itemText ?? '',
  ];
  for (const command of commands) packed.push(packCommand(command));
  const sampled = commands.find((command) => command.trace !== undefined);
  if (sampled !== undefined) packed.push(`trace|${shared.tracesChannel}|${sampled.trace ?? ''}`);
  return packed;
}

/** kind|user|a or empty|bid id|amount|maximum|salt|fingerprint|key, as the script cuts it. */
function packCommand(command: AuctionCommand): string {
  const { kind, userId, admin, amount, maxAmount, fingerprint, key } = command;
  const ids = needsMemory(command) ? [newBidId(), newSalt()] : ['', ''];
  return `${kind}|${userId}|${admin ? 'a' : ''}|${ids[0]}|${amount}|${maxAmount}|${ids[1]}|${fingerprint}|${key}`;
}

function readReply(auctionId: string, reply: readonly string[]): DecidedBatch {
  const [, now = '0', epoch = '0', seq = '0', text = '', firstSeq = '', head = '', terms = ''] =
    reply;
  return {
    now: Number(now),
    entry:
      text === ''
        ? undefined
        : {
            auctionId,
            epoch: Number(epoch),
            firstSeq: Number(firstSeq),
            lastSeq: Number(seq),
            text,
          },
    head: readHead(head, Number(epoch)),
    terms,
    answers: reply.slice(8),
  };
}

function readHead(head: string, epoch: number): AuctionHead | undefined {
  if (head === '') return undefined;
  const [status = '', minimumBid, endsAt, leader = '', sellerId = ''] = head.split('|');
  return {
    status,
    minimumBid: Number(minimumBid),
    endsAt: Number(endsAt),
    leader,
    sellerId,
    epoch,
  };
}
