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

/** An account whose deletion is under way. */
export interface Deletion {
  readonly userId: string;
  /** What happened later belongs to somebody who signed in again; ms since 1970. */
  readonly upTo: number;
}

/** An auction whose events still name a user who has deleted the account. */
export interface Erasure extends Deletion {
  readonly auctionId: string;
  /** What was for sale, where the user sold it; null where not. */
  readonly itemId: string | null;
}

/** The archive's tables. */
export interface DeletedAccountStore {
  /** Open auctions and sales that the user sells, leads, or has left a bid for, as far as they are archived. */
  openAuctions(userId: string, limit: number): Promise<readonly string[]>;
  /** Notes that the account is to be deleted, for whoever goes on with it. */
  begin(deletion: Deletion): Promise<void>;
  /** Accounts whose deletion was noted, by user. */
  deletions(after: string, limit: number): Promise<readonly Deletion[]>;
  /** Auctions in which the archive's tables name the user. */
  auctionsOf(deletion: Deletion, limit: number): Promise<readonly string[]>;
  /** Takes the user's name out of the tables as far as they tell of this auction. */
  unname(auctionId: string, deletion: Deletion): Promise<void>;
  /** Takes what belongs to no auction. */
  removeName(deletion: Deletion): Promise<void>;
  /** Nothing is left to be unnamed. */
  end(deletion: Deletion): Promise<void>;
  /**
   * The next auctions, after these, whose private parts may go now: sealed, and not the sale of this user
   * within so many days.
   */
  due(
    after: Pick<Erasure, 'auctionId' | 'userId'>,
    keepSalesDays: number,
    limit: number,
  ): Promise<readonly Erasure[]>;
  /** Takes the private parts, unless they are to be kept after all. */
  erase(erasure: Erasure, keepSalesDays: number): Promise<void>;
}

/** Redis, as far as it names users outside of what will be forgotten with their auctions. */
export interface NamesInRedis {
  /** Those of these users of whom an event may still be on its way to the archive. */
  onTheirWay(userIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Takes the lists of what the user has created, and items in them that are not for sale. */
  forgetCreations(userId: string): Promise<void>;
  /** Those of these auctions that Redis holds no more. */
  forgotten(auctionIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Takes an item that is not for sale. */
  forgetItem(itemId: string): Promise<void>;
}
