import type { Accounts } from '../accounts/accounts.ts';
import type {
  HistoryStore,
  KeptHints,
  LeaderboardStore,
  NameStore,
  ProofStore,
  UserStore,
  WatchlistStore,
} from '../history/ports.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';

/** What the routes work with. */
export interface HistoryParts {
  readonly history: HistoryStore;
  readonly proofs: ProofStore;
  readonly users: UserStore;
  readonly ranking: LeaderboardStore;
  readonly names: NameStore;
  readonly watchlist: WatchlistStore;
  readonly hints: KeptHints;
  readonly accounts: Accounts;
  /** What costs the database much. */
  readonly answers: SharedAnswers;
  readonly shards: number;
}
