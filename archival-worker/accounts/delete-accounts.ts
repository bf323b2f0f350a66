/**
 * Takes the names of deleted accounts out of everything, see docs/adr/0047-deleted-accounts.md. Each step can
 * be done again, by whichever worker, so one that stops half-way is gone on with by the next round.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { DeletedAccountStore, Deletion, Erasure, NamesInRedis } from './ports.ts';

const LOOK_EVERY_MS = 10_000;
const AT_ONCE = 100;

export interface DeleteAccountsParts {
  readonly store: DeletedAccountStore;
  readonly redis: NamesInRedis;
  /** How long the parties of a sale stay named in its events. */
  readonly keepSalesDays: number;
  readonly log: Logger;
}

export class DeleteAccounts {
  readonly #parts: DeleteAccountsParts;
  readonly #rounds = new Rounds(() => this.#round());
  #failing = false;

  constructor(parts: DeleteAccountsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    try {
      await this.#unnameAll();
      await this.#eraseDue();
      this.#failing = false;
    } catch (error) {
      const level = this.#failing ? 'debug' : 'warn';
      this.#parts.log[level]({ err: error }, 'accounts cannot be deleted now, trying again');
      this.#failing = true;
    }
    return LOOK_EVERY_MS;
  }

  async #unnameAll(): Promise<void> {
    let after = '';
    for (;;) {
      const found = await this.#parts.store.deletions(after, AT_ONCE);
      for (const deletion of found) {
        if (this.#rounds.stopped) return;
        await this.#unname(deletion);
      }
      if (found.length < AT_ONCE) return;
      after = found.at(-1)?.userId ?? '';
    }
  }

  async #unname(deletion: Deletion): Promise<void> {
    const { store, redis } = this.#parts;
    // Asked first: what comes into the archive after this is none of the user's.
    const isOnItsWay = await redis.isOnItsWay(deletion.userId);
    await store.removeName(deletion);
    await redis.forgetCreations(deletion.userId);
    for (;;) {
      const auctions = await store.auctionsOf(deletion, AT_ONCE);
      for (const auctionId of auctions) {
        if (this.#rounds.stopped) return;
        await store.unname(auctionId, deletion);
      }
      if (auctions.length === 0) break;
    }
    if (!isOnItsWay) await store.end(deletion);
  }

  /** What Redis holds may be needed whole, to fill it again when it has lost its data. */
  async #eraseDue(): Promise<void> {
    const { store, redis, keepSalesDays } = this.#parts;
    let after: Pick<Erasure, 'auctionId' | 'userId'> = { auctionId: '', userId: '' };
    for (;;) {
      const found = await store.due(after, keepSalesDays, AT_ONCE);
      const forgotten = await redis.forgotten(found.map(({ auctionId }) => auctionId));
      for (const erasure of found) {
        if (this.#rounds.stopped) return;
        if (!forgotten.has(erasure.auctionId)) continue;
        if (erasure.itemId !== null) await redis.forgetItem(erasure.itemId);
        await store.erase(erasure, keepSalesDays);
      }
      if (found.length < AT_ONCE) return;
      after = found.at(-1) ?? after;
    }
  }
}
