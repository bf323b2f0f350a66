/** What was accepted against what is kept. */
import { waitUntil } from '@outcry/local/processes/wait-until.ts';

export const BIDS_IN_POSTGRES = 'SELECT bid_id FROM events WHERE bid_id IS NOT NULL';

interface Books {
  /** One line for each bid that Postgres has: `BIDS_IN_POSTGRES`. */
  bids(): Promise<string>;
  /** What `run-verify.js` says. @throws Error when it fails */
  verify(): Promise<string>;
}

/** @throws Error unless all these bids are in Postgres once, and all that is kept agrees */
export async function accountFor(accepted: readonly string[], books: Books): Promise<void> {
  await waitUntil(async () => (await notArchived(accepted, books)).length === 0, {
    withinMs: 300_000,
    everyMs: 1_000,
    what: `${accepted.length} accepted bids in Postgres`,
  });
  const verified = await books.verify();
  if (!verified.includes('Everything agrees.')) throw new Error(verified);
}

/** Of these bids, those that Postgres does not have exactly once. */
async function notArchived(accepted: readonly string[], books: Books): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const bid of (await books.bids()).split('\n')) counts.set(bid, (counts.get(bid) ?? 0) + 1);
  return accepted.filter((bid) => counts.get(bid) !== 1);
}
