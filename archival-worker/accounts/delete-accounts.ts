/**
 * Takes the names of deleted accounts out of everything, see docs/adr/0047-deleted-accounts.md. Each step can
 * be done again, by whichever worker, so one that stops half-way is gone on with by the next round.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { available, Refusal } from '../refusal.ts';
import type { DeletedAccountStore, Deletion, Erasure } from './deleted-accounts.ts';
import type { NamesInRedis } from './names-in-redis.ts';
import type { SignOutMarks } from './sign-out-marks.ts';

/** So long a token from before may still be taken, and a bid with it. */
const SIGN_OUT_TAKES_MS = 5_000;
const MAX_NAMED = 5;
const LOOK_EVERY_MS = 10_000;
const AT_ONCE = 100;
const UNAVAILABLE = 'Accounts cannot be changed right now.';
const FIRST_ERASURE = { auctionId: '', userId: '' };

/** What accounts are kept in. */
export interface AccountParts {
  readonly marks: SignOutMarks;
  readonly store: DeletedAccountStore;
}

/** Ends all sessions of a user. @throws Refusal `UNAVAILABLE` */
export const signOut = ({ marks }: AccountParts, userId: string): Promise<number> =>
  available(UNAVAILABLE, () => marks.signOut(userId));

/**
 * Signs the user out everywhere, and has the account deleted by {@link DeleteAccounts}.
 * @throws Refusal `ACCOUNT_IN_USE` where the user sells, leads, or has left a bid for what is open: then
 *   nothing was done; `UNAVAILABLE`
 */
export const deleteAccount = ({ marks, store }: AccountParts, userId: string): Promise<void> =>
  available(UNAVAILABLE, async () => {
    const open = await store.openAuctions(userId, MAX_NAMED);
    if (open.length > 0) {
      const detail = `The account sells, leads or has left a bid in what is open: ${open.join(', ')}.`;
      throw new Refusal('ACCOUNT_IN_USE', detail);
    }
    const signedOutAt = await marks.signOut(userId);
    await store.begin({ userId, upTo: signedOutAt + SIGN_OUT_TAKES_MS });
  });

export interface DeleteAccountsParts {
  readonly store: DeletedAccountStore;
  readonly redis: NamesInRedis;
  /** How long the parties of a sale stay named in its events. */
  readonly keepSalesDays: number;
  readonly log: Logger;
}

/** A round does so many accounts and auctions, and the next one goes on behind them. */
export class DeleteAccounts extends Rounds {
  readonly #parts: DeleteAccountsParts;
  // The last ones begun, successful or not, so that one that fails holds up no other.
  #lastUnnamed = '';
  #lastErased: Pick<Erasure, 'auctionId' | 'userId'> = FIRST_ERASURE;

  constructor(parts: DeleteAccountsParts) {
    super(
      () => this.#round(),
      (error, inARow) => {
        const level = inARow === 1 ? 'warn' : 'debug';
        parts.log[level]({ err: error }, 'accounts cannot be deleted now, trying again');
        return LOOK_EVERY_MS;
      },
    );
    this.#parts = parts;
  }

  async #round(): Promise<number> {
    await this.#unnameSome();
    await this.#eraseSome();
    return LOOK_EVERY_MS;
  }

  async #unnameSome(): Promise<void> {
    const { store, redis } = this.#parts;
    const found = await store.deletions(this.#lastUnnamed, AT_ONCE);
    // Asked first: of the others nothing comes into the archive after this.
    const onTheirWay = await redis.onTheirWay(found.map(({ userId }) => userId));
    for (const deletion of found) {
      if (this.stopped) return;
      this.#lastUnnamed = deletion.userId;
      if ((await this.#unname(deletion)) && !onTheirWay.has(deletion.userId)) {
        await store.end(deletion);
      }
    }
    if (found.length < AT_ONCE) this.#lastUnnamed = '';
  }

  /** @returns whether it is done: a stop ends it early */
  async #unname(deletion: Deletion): Promise<boolean> {
    const { store, redis } = this.#parts;
    await store.removeName(deletion);
    await redis.forgetCreations(deletion.userId);
    for (;;) {
      const auctions = await store.auctionsOf(deletion, AT_ONCE);
      if (auctions.length === 0) return true;
      for (const auctionId of auctions) {
        if (this.stopped) return false;
        await store.unname(auctionId, deletion);
      }
    }
  }

  /** What Redis holds may be needed whole, to fill it again when it has lost its data. */
  async #eraseSome(): Promise<void> {
    const { store, redis, keepSalesDays } = this.#parts;
    const found = await store.due(this.#lastErased, keepSalesDays, AT_ONCE);
    const forgotten = await redis.forgotten(found.map(({ auctionId }) => auctionId));
    for (const erasure of found) {
      if (this.stopped) return;
      this.#lastErased = erasure;
      if (!forgotten.has(erasure.auctionId)) continue;
      if (erasure.itemId !== null) await redis.forgetItem(erasure.itemId);
      await store.erase(erasure, keepSalesDays);
    }
    if (found.length < AT_ONCE) this.#lastErased = FIRST_ERASURE;
  }
}
