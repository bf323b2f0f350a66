/** After a fault: every bid has its one answer, everything is archived, and all accounts agree. */
import { untilArchived } from '../accounts/archived-events.ts';
import { compareAccounts } from '../accounts/compare-accounts.ts';
import type { LogWatcher } from '../accounts/log-watcher.ts';
import { faultsOf } from '../accounts/reconcile.ts';
import { readRedisHeads, untilHeads } from '../accounts/redis-heads.ts';
import type { Bidders } from '../crowd/bidders.ts';
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import type { Watchers } from '../crowd/watchers.ts';
import type { WholeSystem } from '../system/whole-system.ts';
import { checkLeaderboards } from './check-leaderboards.ts';
import type { Fault, FaultStage } from './fault.ts';

/** The archive comes to the last bid within this, however much there is. */
const ARCHIVED_WITHIN_MS = 300_000;
const ENDED_WITHIN_MS = 30_000;
/** What a killed worker had stored is delivered again, and then reported. */
const MARKED_WITHIN_MS = 60_000;
/** Accepted bids that are sent again with their keys, spread over the fault. */
const SENT_AGAIN = 200;
const CURRENT_WITHIN_MS = 15_000;
const AT_ONCE = 16;

export async function settle(
  fault: Fault,
  { system, bidders, signal }: FaultStage,
  log: LogWatcher,
  watchers: Watchers,
) {
  const { ledger, auctionIds } = bidders;
  const answers = await secondAnswers(bidders);
  await untilHeads(system.redis, bidders.endingAuctionIds, ({ status }) => status === 'ended', {
    withinMs: ENDED_WITHIN_MS,
    what: 'the end of the short auctions',
  });
  signal.throwIfAborted();
  const heads = await readRedisHeads(system.redis, auctionIds);
  const seen = await log.stop();
  const places = new Map([...heads].map(([id, { epoch, seq }]) => [id, { epoch, seq }]));
  const unseen = await watchers.behind(places, CURRENT_WITHIN_MS);
  const { accepted, refused, unknown } = ledger;
  // Each of those that were unknown has its answer now.
  const evidence = { accepted, refused, unknown: 0, seen, heads };
  const limit = { withinMs: ARCHIVED_WITHIN_MS, signal };
  const found = await compareAccounts(system, evidence, limit);
  const { lost, duplicate, altered, superseded, conflicts, deadLetters } = found;
  const mayFail = fault.mayRefuse !== undefined;
  const failed = refused.length + unknown.length;
  const workerUrl = system.url('archival-worker');
  return {
    counts: { lost: lost.length, duplicate: duplicate.length, altered: altered.length },
    complaints: [
      ...faultsOf(found),
      ...answers,
      ...unseen,
      ...watchers.disorder,
      ...(await system.verify()),
      ...(await system.onPostgres((sql) => checkLeaderboards(sql, workerUrl))),
      ...unless(superseded === 0, `${superseded} events were superseded`),
      ...unless(conflicts === 0, `${conflicts} conflicts`),
      ...unless(deadLetters === (fault.deadLetters ?? 0), `${deadLetters} dead letters`),
      ...unless(accepted.length > 0, 'no bid was accepted'),
      ...unless(mayFail || failed === 0, `${failed} bids got no good answer: ${codes(refused)}`),
    ],
  };
}

const unless = (good: boolean, complaint: string): string[] => (good ? [] : [complaint]);

const codes = (failed: readonly { readonly code: string }[]): string =>
  [...new Set(failed.map(({ code }) => code))].join(', ');

/**
 * Sends bids again with their keys: those that nobody knows the outcome of, which get one now, and
 * some that were accepted, which get the answer that they had.
 */
async function secondAnswers(bidders: Bidders): Promise<string[]> {
  const { accepted, unknown } = bidders.ledger;
  const every = Math.max(1, Math.ceil(accepted.length / SENT_AGAIN));
  const some = accepted.filter((_, i) => i % every === 0);
  const complaints: string[] = [];
  await eachWithLimit(unknown, AT_ONCE, async (bid) => {
    const answer = await bidders.sendAgain(bid);
    if (!('code' in answer)) accepted.push(answer);
    else if (answer.code === 'OUTCOME_UNKNOWN' || answer.code === 'UNAVAILABLE') {
      complaints.push(`${bid.key} sent again: ${answer.code}`);
    }
  });
  await eachWithLimit(some, AT_ONCE, async (bid) => {
    const answer = await bidders.sendAgain(bid);
    if ('code' in answer || answer.bidId !== bid.bidId || answer.seq !== bid.seq) {
      const other = 'code' in answer ? answer.code : `${answer.bidId} at ${answer.seq}`;
      complaints.push(`${bid.key} was ${bid.bidId} at ${bid.seq}, sent again: ${other}`);
    }
  });
  return complaints;
}

/**
 * Resolves when Postgres has everything that Redis has decided by now.
 * @throws Error after 5 minutes; the signal's reason
 */
export async function untilAllArchived(
  system: WholeSystem,
  auctionIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const heads = await readRedisHeads(system.redis, auctionIds);
  const limit = { withinMs: ARCHIVED_WITHIN_MS, signal };
  const missing = await system.onPostgres((sql) => untilArchived(sql, heads, limit));
  if (missing.length === 0) return;
  throw new Error(`${missing.length} auctions are not archived, such as ${missing[0]}`);
}

/** Resolves when Redis was told that everything is archived, so that its log can be trimmed. */
export const untilRedisKnows = (
  { redis }: WholeSystem,
  auctionIds: readonly string[],
): Promise<unknown> =>
  untilHeads(redis, auctionIds, ({ seq, archivedSeq }) => archivedSeq === seq, {
    withinMs: MARKED_WITHIN_MS,
    what: 'the archived mark of every auction at its head',
  });
