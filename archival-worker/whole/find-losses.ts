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
 * The end of the stream knows what is not archived yet, and Postgres all that is. The stream comes first: what is
 * archived meanwhile is then in both, and not in neither. Where one of the two is away the other one has to do: bids
 * must not wait for either.
 * @param unchecked the shards that are compared
 * @param shards how many there are
 * @returns the losses by shard
 * @throws Error when neither can be asked, or Redis cannot
 */
export async function findLosses(
  redis: CheckedRedis,
  witnesses: Witnesses,
  unchecked: ReadonlySet<number>,
  shards: number,
  log: Logger,
): Promise<ReadonlyMap<number, Loss>> {
  const losses = new Map<number, Loss>();
  const compare = async (known: AsyncIterable<readonly KnownHead[]>): Promise<void> => {
    for await (const heads of known) {
      const ofThese = heads.flatMap((head) => {
        const shard = shardOfId(head.auctionId, shards);
        return shard !== undefined && unchecked.has(shard) ? [{ ...head, shard }] : [];
      });
      await compareHeads(redis, ofThese, losses);
    }
  };
  const streamFailure = await failureOf(compare(witnesses.streamed(false)));
  const archiveFailure = await failureOf(compare(witnesses.archived()));
  if (archiveFailure !== undefined) {
    if (streamFailure !== undefined) throw streamFailure;
    await compare(witnesses.streamed(true));
  }
  const failure = archiveFailure ?? streamFailure;
  if (failure !== undefined) {
    const asked = archiveFailure === undefined ? 'the archive' : 'the stream';
    log.warn({ err: failure }, `only ${asked} could be asked what Redis had`);
  }
  return losses;
}

async function compareHeads(
  redis: CheckedRedis,
  known: readonly (KnownHead & { readonly shard: number })[],
  losses: Map<number, Loss>,
): Promise<void> {
  const held = await redis.heads(known.map(({ auctionId }) => auctionId));
  for (const [i, head] of known.entries()) {
    const found = held[i];
    const isThere = found === undefined ? head.mayBeGone : comparePositions(found, head) >= 0;
    if (isThere) continue;
    const loss = losses.get(head.shard) ?? {
      auctions: 0,
      since: head.at,
      example: say(head, found),
    };
    loss.auctions += 1;
    loss.since = Math.min(loss.since, head.at);
    losses.set(head.shard, loss);
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
