/** Who signed out everywhere, as all services are told. */
export interface SignOutMarks {
  /**
   * From now on the user's older tokens count no more.
   * @returns when that was, ms since 1970 by Redis's clock
   * @throws AccountsUnavailableError
   */
  signOut(userId: string): Promise<number>;
}

/** What an account needs does not answer right now. */
export class AccountsUnavailableError extends Error {
  override readonly name = 'AccountsUnavailableError';
}
