import type { Accounts } from '../accounts/accounts.ts';
import type {
  HistoryStore,
  KeptHints,
  LeaderboardStore,
  NameStore,
  NoticeStore,
  ProofStore,
  ReportStore,
  SaleHistory,
  UserStore,
  WatchlistStore,
} from '../history/ports.ts';
import type { NextSteps } from '../history/next-step.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';

/** What the routes work with. */
export interface HistoryParts {
  readonly history: HistoryStore;
  readonly sales: SaleHistory;
  readonly proofs: ProofStore;
  readonly users: UserStore;
  readonly ranking: LeaderboardStore;
  readonly names: NameStore;
  readonly watchlist: WatchlistStore;
  readonly notices: NoticeStore;
  readonly reports: ReportStore;
  readonly hints: KeptHints;
  readonly accounts: Accounts;
  readonly webhooks: Webhooks;
  /** What costs the database much. */
  readonly answers: SharedAnswers;
  readonly nextSteps: NextSteps;
  readonly shards: number;
}
