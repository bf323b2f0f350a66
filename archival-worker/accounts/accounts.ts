/** What users may do with their accounts as a whole. */
import type { SignOutMarks } from './ports.ts';

export class Accounts {
  readonly #marks: SignOutMarks;

  constructor(marks: SignOutMarks) {
    this.#marks = marks;
  }

  /** All services refuse the user's tokens from before. @throws AccountsUnavailableError */
  async signOutEverywhere(userId: string): Promise<void> {
    await this.#marks.signOut(userId);
  }
}
