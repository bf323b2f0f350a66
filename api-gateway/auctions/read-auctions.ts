/**
 * Reads beside the bids' line: however many look at an auction, no bid waits for them. Only a read
 * that finds a time passed stands in line, so that the script acts on it and answers.
 */
import { shardOfAuction } from '@outcry/shared/domain/ids.ts';
import { NotRunError, READING, type Answer } from '../bidding/auction-commands.ts';
import { NOT_FOUND, type GroupCommit } from '../bidding/group-commit.ts';
import type { StoredAuctions } from './stored-auctions.ts';

const MAX_IN_FLIGHT = 10_000;

/** Both reads throw NotRunError; what the script must act on first, also MayHaveRunError. */
export class ReadAuctions {
  readonly #stored: Pick<StoredAuctions, 'read'>;
  readonly #engine: GroupCommit;
  readonly #shards: number;
  readonly #fault: () => string | undefined;
  #inFlight = 0;

  /** @param fault why Redis may not be asked now; undefined when it may */
  constructor(
    stored: Pick<StoredAuctions, 'read'>,
    engine: GroupCommit,
    shards: number,
    fault: () => string | undefined,
  ) {
    this.#stored = stored;
    this.#engine = engine;
    this.#shards = shards;
    this.#fault = fault;
  }

  /** The auction as everybody may see it: an `epoch|seq|at|state` receipt and the public terms. */
  publicState(auctionId: string): Promise<Answer> {
    return this.#read(auctionId, 'read', '');
  }

  /** What a user has in it: an `alias|leading|maximum|bids` receipt. */
  ownState(auctionId: string, userId: string): Promise<Answer> {
    return this.#read(auctionId, 'me', userId);
  }

  async #read(auctionId: string, kind: 'read' | 'me', userId: string): Promise<Answer> {
    const fault = this.#fault();
    if (fault !== undefined) throw new NotRunError(fault);
    const shard = shardOfAuction(auctionId, this.#shards);
    if (shard === undefined) return NOT_FOUND.auction;
    if (this.#inFlight >= MAX_IN_FLIGHT) throw new NotRunError('too many reads are waiting');
    this.#inFlight += 1;
    try {
      const reading = await this.#stored.read(shard, auctionId, userId);
      if (reading !== 'due') return reading;
    } finally {
      this.#inFlight -= 1;
    }
    return this.#engine.ask(auctionId, { ...READING, kind, userId });
  }
}
