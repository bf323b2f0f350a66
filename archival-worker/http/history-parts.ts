import type { Accounts } from '../accounts/accounts.ts';
import type { History } from '../history/history.ts';
import type { Proofs } from '../history/proofs.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';
import type { Users } from '../history/users.ts';

/** What the routes work with. */
export interface HistoryParts {
  readonly history: History;
  readonly proofs: Proofs;
  readonly users: Users;
  readonly accounts: Accounts;
  /** What costs the database much. */
  readonly answers: SharedAnswers;
  readonly shards: number;
}
