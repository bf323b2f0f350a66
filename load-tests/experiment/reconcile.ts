/** Whether k6, Redis and Postgres agree on what was accepted; pure. */

/** What each of the three says of one auction. */
export interface Accounts {
  readonly auctionId: string;
  /** The seq of each 2xx that k6 was given. */
  readonly answered: readonly number[];
  /** The last event's seq in Redis: events are numbered without gaps, so so many there are. */
  readonly redisSeq: number;
  /** Postgres's rows. */
  readonly rows: readonly ArchivedRow[];
}

export interface ArchivedRow {
  readonly seq: number;
  /** Whether the event is somebody's accepted bid. */
  readonly bid: boolean;
}

export interface Reconciliation {
  /** 2xx answers that k6 counted. */
  readonly answered: number;
  /** Accepted bids among the events in Redis: all events less those that nobody bid. */
  readonly inRedis: number;
  /** Rows of accepted bids in Postgres. */
  readonly inPostgres: number;
  /** Bids whose answer was lost: each may have been accepted or not. */
  readonly unknown: number;
  /** One line for each thing that does not agree. */
  readonly faults: readonly string[];
}

/** @param unknown bids that k6 got no decision for */
export function reconcile(accounts: readonly Accounts[], unknown: number): Reconciliation {
  const faults: string[] = [];
  let answered = 0;
  let inRedis = 0;
  let inPostgres = 0;
  for (const account of accounts) {
    const bids = new Set(account.rows.filter(({ bid }) => bid).map(({ seq }) => seq));
    const others = account.rows.filter(({ bid }) => !bid).length;
    answered += account.answered.length;
    inRedis += account.redisSeq - others;
    inPostgres += bids.size;
    faults.push(...faultsOf(account, bids));
  }
  const unanswered = inPostgres - answered;
  if (unanswered > unknown) {
    faults.push(
      `${unanswered} bids are in Postgres that k6 got no 2xx for, and ${unknown} answers were lost`,
    );
  }
  return { answered, inRedis, inPostgres, unknown, faults };
}

function faultsOf({ auctionId, answered, redisSeq, rows }: Accounts, bids: Set<number>): string[] {
  const faults: string[] = [];
  const seqs = new Set(rows.map(({ seq }) => seq));
  if (rows.length !== redisSeq || seqs.size !== redisSeq) {
    const missing = Array.from({ length: redisSeq }, (_, i) => i + 1).filter((n) => !seqs.has(n));
    const which = missing.length === 0 ? '' : `; the first that is missing is seq ${missing[0]}`;
    faults.push(
      `${auctionId}: ${redisSeq} events in Redis, ${rows.length} rows in Postgres${which}`,
    );
  }
  const lost = answered.filter((seq) => !bids.has(seq));
  if (lost.length > 0) {
    faults.push(
      `${auctionId}: ${lost.length} bids were answered 2xx and are no rows, such as seq ${lost[0]}`,
    );
  }
  const twice = answered.length - new Set(answered).size;
  if (twice > 0) faults.push(`${auctionId}: ${twice} bids were given a seq that another one has`);
  return faults;
}
