/**
 * After a restart of Redis every open auction begins a new epoch, bid or no bid, so that viewers
 * learn of it. That may be a hundred thousand auctions: one chunk at a time, of all shards together,
 * and with as long a rest after each, so that bids and ends hardly wait for it. Whoever bids on an
 * auction or reads it meanwhile begins its epoch at once.
 */
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { PassTime } from './pass-time.ts';
import type { KeeperStore } from './shard-store.ts';

const LOOK_EVERY_MS = 100;
/** A shard that was not compared yet is open a moment later. */
const RETRY_AFTER_MS = 1_000;

/** A stop ends it after the chunk in hand; what is left is found again by whoever holds the shards next. */
export class BeginEpochs extends Rounds {
  readonly #store: KeeperStore;
  readonly #passTime: PassTime;
  readonly #holds: (shard: number) => boolean;
  readonly #log: Logger;
  /** Shards whose turn comes, and the server that they are on now. */
  readonly #due = new Map<number, string>();

  constructor(
    store: KeeperStore,
    passTime: PassTime,
    holds: (shard: number) => boolean,
    log: Logger,
  ) {
    super(() => this.#round());
    this.#store = store;
    this.#passTime = passTime;
    this.#holds = holds;
    this.#log = log;
  }

  /** A shard's data came from another server, and not all of its open auctions know of it. */
  due(shard: number, serverId: string): void {
    this.#due.set(shard, serverId);
  }

  async #round(): Promise<number> {
    let restMs = LOOK_EVERY_MS;
    for (const [shard, serverId] of this.#due) {
      if (this.stopped) break;
      this.#due.delete(shard);
      try {
        if (await this.#begin(shard)) await this.#store.markEpochsBegun(shard, serverId);
      } catch (error) {
        // The next look at the shard finds that it is still due.
        this.#log.warn({ err: error, shard }, 'not every auction could begin its epoch, retrying');
        restMs = RETRY_AFTER_MS;
      }
      // Looks that were under way said it meanwhile.
      this.#due.delete(shard);
    }
    return restMs;
  }

  /**
   * @returns false when the shard was given up meanwhile
   * @throws Error the first failure, after all auctions had their turn
   */
  async #begin(shard: number): Promise<boolean> {
    let failure: Error | undefined;
    for await (const auctionIds of this.#store.openAuctions(shard)) {
      const began = monotonicNow();
      try {
        await this.#passTime(
          shard,
          auctionIds.map((auctionId) => ({ auctionId, dueAt: 0 })),
        );
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }
      await pause(monotonicNow() - began);
      if (this.stopped || !this.#holds(shard)) return false;
    }
    if (failure !== undefined) throw failure;
    return true;
  }
}
