import type { AccountParts } from '../accounts/delete-accounts.ts';
import type { LetterParts } from '../dead-letters/settle-letters.ts';
import type { AskHistory } from '../history/ask-history.ts';
import type { NextSteps } from '../history/next-step.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';
import type { ReceiverAddresses } from '../webhooks/receiver-addresses.ts';

/** What the routes work with. */
export interface HistoryParts {
  /** Asks the archive, or a replica of it. */
  readonly ask: AskHistory;
  /** The same on the primary, which may be written to. */
  readonly write: AskHistory;
  /**
   * Tells a user's devices that something kept for the user has changed. Not told where Redis does
   * not answer: devices also read again by themselves.
   */
  readonly tellDevices: (userId: string) => void;
  readonly accounts: AccountParts;
  /** Where webhooks may go. */
  readonly receivers: ReceiverAddresses;
  readonly deadLetters: LetterParts;
  /** What costs the database much. */
  readonly answers: SharedAnswers;
  readonly nextSteps: NextSteps;
  readonly shards: number;
}
