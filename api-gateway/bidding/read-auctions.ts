/**
 * Reads beside the bids' line: however many look at an auction, no bid waits for them. Only a read
 * that finds a time passed stands in line, so that the script acts on it and answers.
 */
import { shardOfAuction } from '@outcry/shared/domain/ids.ts';
import { NotRunError, type Answer, type AuctionCommand } from './auction-commands.ts';
import type { GroupCommit } from './group-commit.ts';
import { NO_SUCH_AUCTION, unavailable, type CommandOutcome } from './outcomes.ts';

/** What is stored; `due` when the script must first act on it. */
export type AuctionReading = { readonly answer: Answer; readonly terms: string } | 'due';

export interface StoredAuctions {
  /**
   * @param userId whose own state is read; '' for the auction's public state
   * @throws NotRunError when it cannot be read now
   */
  read(shard: number, auctionId: string, userId: string): Promise<AuctionReading>;
}

const MAX_IN_FLIGHT = 10_000;

export class ReadAuctions {
  readonly #stored: StoredAuctions;
  readonly #engine: GroupCommit;
  readonly #shards: number;
  readonly #fault: () => string | undefined;
  #inFlight = 0;

  /** @param fault why Redis may not be asked now; undefined when it may */
  constructor(
    stored: StoredAuctions,
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
  publicState(auctionId: string): Promise<CommandOutcome> {
    return this.#read(auctionId, 'read', '');
  }

  /** What a user has in it: an `alias|leading|maximum|bids` receipt. */
  ownState(auctionId: string, userId: string): Promise<CommandOutcome> {
    return this.#read(auctionId, 'me', userId);
  }

  async #read(auctionId: string, kind: 'read' | 'me', userId: string): Promise<CommandOutcome> {
    const fault = this.#fault();
    if (fault !== undefined) return unavailable(fault);
    const shard = shardOfAuction(auctionId, this.#shards);
    if (shard === undefined) return NO_SUCH_AUCTION;
    if (this.#inFlight >= MAX_IN_FLIGHT) return unavailable('too many reads are waiting');
    this.#inFlight += 1;
    try {
      const reading = await this.#stored.read(shard, auctionId, userId);
      if (reading !== 'due') return { kind: 'answered', ...reading };
    } catch (error) {
      if (error instanceof NotRunError) return unavailable(error.message);
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
    return this.#engine.ask(auctionId, { ...READING, kind, userId });
  }
}

/** The parts of a command that only reads. */
export const READING: Omit<AuctionCommand, 'kind' | 'userId'> = {
  admin: false,
  amount: 0,
  maxAmount: 0,
  key: '',
  fingerprint: '',
};
