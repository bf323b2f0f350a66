import type { Accounts } from '../accounts/accounts.ts';
import type {
  HistoryStore,
  LeaderboardStore,
  NameStore,
  ProofStore,
  UserStore,
} from '../history/ports.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';

/** What the routes work with. */
export interface HistoryParts {
  readonly history: HistoryStore;
  readonly proofs: ProofStore;
  readonly users: UserStore;
  readonly ranking: LeaderboardStore;
  readonly names: NameStore;
  readonly accounts: Accounts;
  /** What costs the database much. */
  readonly answers: SharedAnswers;
  readonly shards: number;
}
