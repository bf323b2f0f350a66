/**
 * Compares what Redis has with what Postgres and JetStream know that it had. Everything they hold
 * came from Redis, so an auction that is behind there, or not there at all, was lost by it.
 */
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { CheckedRedis } from './checked-redis.ts';
import type { KnownHead, Witnesses } from './witnesses.ts';

/** What one shard lost. */
export interface Loss {
  auctions: number;
  /** When the oldest of the lost events was, ms since 1970. */
  since: number;
  /** One of the auctions, and where it should be and is. */
  readonly example: string;
}

/**
 * Postgres knows all that is archived, and the end of the stream what is not yet. Where one of the
 * two is away the other one has to do: bids must not wait for either.
 * @returns the losses by shard
 * @throws Error when neither can be asked, or Redis cannot
 */
export async function findLosses(
  redis: CheckedRedis,
  witnesses: Witnesses,
  shards: number,
  log: Logger,
): Promise<ReadonlyMap<number, Loss>> {
  const losses = new Map<number, Loss>();
  const compare = async (known: AsyncIterable<readonly KnownHead[]>): Promise<void> => {
    for await (const heads of known) await compareHeads(redis, heads, shards, losses);
  };
  const archiveFailure = await failureOf(compare(witnesses.archived()));
  const isAlone = archiveFailure !== undefined;
  const streamFailure = await failureOf(compare(witnesses.streamed(isAlone)));
  if (isAlone && streamFailure !== undefined) throw streamFailure;
  const failure = archiveFailure ?? streamFailure;
  if (failure !== undefined) {
    const asked = isAlone ? 'the stream' : 'the archive';
    log.warn({ err: failure }, `only ${asked} could be asked what Redis had`);
  }
  return losses;
}

async function compareHeads(
  redis: CheckedRedis,
  known: readonly KnownHead[],
  shards: number,
  losses: Map<number, Loss>,
): Promise<void> {
  const held = await redis.heads(known.map(({ auctionId }) => auctionId));
  for (const [i, head] of known.entries()) {
    const found = held[i];
    const isThere = found === undefined ? head.mayBeGone : comparePositions(found, head) >= 0;
    const shard = shardOfId(head.auctionId, shards);
    if (isThere || shard === undefined) continue;
    const loss = losses.get(shard) ?? { auctions: 0, since: head.at, example: say(head, found) };
    loss.auctions += 1;
    loss.since = Math.min(loss.since, head.at);
    losses.set(shard, loss);
  }
}

const say = ({ auctionId, epoch, seq }: KnownHead, found: Position | undefined): string =>
  `${auctionId} was at ${epoch}:${seq} and is ` +
  (found === undefined ? 'gone' : `at ${found.epoch}:${found.seq}`);

const failureOf = (work: Promise<void>): Promise<Error | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
