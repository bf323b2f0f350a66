/** The engine's adapter: calls the decide script and reads its reply. */
import type { Result } from 'ioredis';
import { decideScriptText } from '@outcry/shared/contracts/decide-script-files.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { encodeReason } from '@outcry/shared/contracts/records.ts';
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
import { ServerRunId } from './run-id.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

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
export const decideScriptBody = (): string => decideScriptText(luaFile);

export class DecideScript implements AuctionDecider {
  readonly #redis: RedisClient;
  readonly #replicated: ReplicatedCalls | undefined;
  readonly #runId: ServerRunId;
  #calls = 0;

  /**
   * @param body the script's text without its first line: {@link decideScriptBody}
   * @param openForReplica opens one of the connections on which commands wait until a replica has
   *   what they wrote; without it Redis's own fsync is enough
   */
  constructor(redis: RedisClient, body: string, openForReplica?: () => RedisClient) {
    redis.defineCommand('decideAuctions', { lua: script(body) });
    redis.defineCommand('decideInFullRedis', { lua: scriptForFullRedis(body) });
    this.#redis = redis;
    this.#runId = new ServerRunId(redis);
    if (openForReplica !== undefined) {
      this.#replicated = new ReplicatedCalls(openForReplica, script(body));
    }
  }

  close(): void {
    this.#replicated?.close();
  }

  /** Reads and the passing of time make a call of their own, which works in a full Redis. */
  async decide(batches: readonly AuctionBatch[]): Promise<Decisions> {
    const written = batches.filter(isWrite);
    if (written.length === batches.length) return this.#call(batches, true);
    if (written.length === 0) return this.#call(batches, false);
    const read = batches.filter((batch) => !isWrite(batch));
    const [ofWritten, ofRead] = await Promise.all([
      this.#call(written, true),
      this.#call(read, false),
    ]);
    return new Map([...ofWritten, ...ofRead]);
  }

  async #call(batches: readonly AuctionBatch[], writes: boolean): Promise<Decisions> {
    this.#calls += 1;
    const number = `${this.#calls}`;
    try {
      // Reads and the passing of time answer nobody's bid, so they wait for no replica.
      const reply =
        writes && this.#replicated !== undefined
          ? await this.#replicated.call(
              markerOf(batches),
              batches.length,
              packCall('', batches, number),
            )
          : await this.#callOwn(batches, writes, number);
      return readReply(batches, reply, number);
    } catch (error) {
      const failed = error instanceof MayHaveRunError ? error : runFailure(error);
      return allFailed(batches, failed);
    }
  }

  /** The run id is asked for and the call written at once, so that both are about one server. */
  #callOwn(batches: readonly AuctionBatch[], writes: boolean, number: string): Promise<unknown> {
    const call = packCall(this.#runId.current, batches, number);
    return writes
      ? this.#redis.decideAuctions(batches.length, ...call)
      : this.#redis.decideInFullRedis(batches.length, ...call);
  }
}

const isWrite = ({ commands }: AuctionBatch): boolean => commands.some(needsMemory);

/** A key of the master that decides these batches: on a cluster all are of one shard. */
const markerOf = ([first]: readonly AuctionBatch[]): string =>
  shardKeys(first?.shard ?? 0).replicated;

/** The script's keys and arguments. */
function packCall(runId: string, batches: readonly AuctionBatch[], number: string): string[] {
  const call: string[] = batches.map(
    ({ shard, auctionId }) => auctionKeys(shard, auctionId).auction,
  );
  call.push(runId);
  for (const batch of batches) call.push(packBatch(batch));
  call.push(number);
  return call;
}

function packBatch({ auctionId, commands }: AuctionBatch): string {
  const { trace = '' } = commands.find((command) => command.trace !== undefined) ?? {};
  let packed = `${auctionId} ${newSalt()} ${SEPARATOR.test(trace) ? '' : trace}\n`;
  const creation = commands.find((command) => command.creation !== undefined)?.creation;
  if (creation !== undefined) packed += packCreation(creation);
  for (const command of commands) packed += packCommand(command);
  return packed;
}

function packCreation({ creationText, openTermsText, itemText }: NewAuction): string {
  const isOneLineEach = !`${creationText}${openTermsText}${itemText}`.includes('\n');
  return isOneLineEach ? `=${creationText}\n=${openTermsText}\n=${itemText}\n` : '=\n=\n=\n';
}

/** A separator would move the fields behind it, and the script might read another command. */
const SEPARATOR = /[ \n]/;

/** A line as decide.lua reads it; the script refuses a command that it cannot read, and no other. */
function packCommand(command: AuctionCommand): string {
  const { kind, userId, admin, amount, maxAmount, fingerprint, key, reason } = command;
  if (SEPARATOR.test(`${userId}${fingerprint}${key}`)) return 'unreadable\n';
  const [bidId, salt] = needsMemory(command) ? [newBidId(), newSalt()] : ['', ''];
  const why = reason === undefined ? '' : ` ${encodeReason(reason)}`;
  return `${kind} ${userId} ${admin ? 'a' : ''} ${bidId} ${amount} ${maxAmount} ${salt} ${fingerprint} ${key}${why}\n`;
}
