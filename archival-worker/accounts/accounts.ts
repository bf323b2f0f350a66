/** What users may do with their accounts as a whole. */
import type { DeletedAccountStore, SignOutMarks } from './ports.ts';

/** So long a token from before may still be taken, and a bid with it. */
const SIGN_OUT_TAKES_MS = 5_000;
const MAX_NAMED = 5;

export class Accounts {
  readonly #marks: SignOutMarks;
  readonly #store: DeletedAccountStore;

  constructor(marks: SignOutMarks, store: DeletedAccountStore) {
    this.#marks = marks;
    this.#store = store;
  }

  /** All services refuse the user's tokens from before. @throws AccountsUnavailableError */
  async signOutEverywhere(userId: string): Promise<void> {
    await this.#marks.signOut(userId);
  }

  /**
   * Signs the user out everywhere, and has the account deleted, which takes its time
   * (delete-accounts.ts).
   * @returns open auctions and sales that the user sells, leads, or has left a bid for: then nothing was done
   * @throws AccountsUnavailableError
   */
  async delete(userId: string): Promise<readonly string[]> {
    const open = await this.#store.openAuctions(userId, MAX_NAMED);
    if (open.length > 0) return open;
    const signedOutAt = await this.#marks.signOut(userId);
    await this.#store.begin({ userId, upTo: signedOutAt + SIGN_OUT_TAKES_MS });
    return [];
  }
}
