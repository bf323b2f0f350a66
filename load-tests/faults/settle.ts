/** After a fault: every bid has its one answer, everything is archived, and all accounts agree. */
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { eachWithLimit } from '../each-with-limit.ts';
import { readArchivedEvents, readArchivedSeqs, readOddities } from './archived-events.ts';
import { checkStatistics } from './check-statistics.ts';
import type { Crowd } from './crowd.ts';
import type { FaultSystem } from './fault-system.ts';
import type { Fault, FaultStage } from './fault.ts';
import { readRedisHeads, type RedisHead } from '../redis-heads.ts';
import type { LogWatcher } from './log-watcher.ts';
import { reconcile } from './reconcile.ts';
import type { Viewers } from './viewers.ts';

/** The archive comes to the last bid within this, however much there is. */
const ARCHIVED_WITHIN_MS = 300_000;
const ENDED_WITHIN_MS = 30_000;
/** What a killed worker had stored is delivered again, and then reported. */
const MARKED_WITHIN_MS = 60_000;
/** Accepted bids that are sent again with their keys, spread over the fault. */
const SENT_AGAIN = 200;
const AT_ONCE = 16;

export async function settle(
  fault: Fault,
  stage: FaultStage,
  watcher: LogWatcher,
  viewers: Viewers,
) {
  const { system, crowd, signal } = stage;
  const { ledger } = crowd;
  const answers = await secondAnswers(crowd);
  await untilEnded(system, crowd.endingAuctionIds);
  signal.throwIfAborted();
  const heads = await readRedisHeads(system.redis, crowd.auctionIds);
  const seen = await watcher.stop();
  const unseen = await viewers.behind(heads);
  await untilArchived(system, crowd.auctionIds, signal);

  return system.onPostgres(async (sql) => {
    const archived = await readArchivedEvents(sql, crowd.auctionIds);
    const { accepted, refused, unknown } = ledger;
    const { lost, duplicate, altered } = reconcile({ accepted, refused, seen, heads, archived });
    const { superseded, conflicts, deadLetters } = await readOddities(sql, crowd.auctionIds);
    const mayFail = fault.mayRefuse !== undefined;
    const failed = refused.length + unknown.length;
    return {
      counts: { lost: lost.length, duplicate: duplicate.length, altered: altered.length },
      complaints: [
        ...lost,
        ...duplicate,
        ...altered,
        ...answers,
        ...unseen,
        ...(await checkStatistics(sql, system.url('archival-worker'))),
        ...unless(superseded === 0, `${superseded} events were superseded`),
        ...unless(conflicts === 0, `${conflicts} conflicts`),
        ...unless(deadLetters === (fault.deadLetters ?? 0), `${deadLetters} dead letters`),
        ...unless(accepted.length > 0, 'no bid was accepted'),
        ...unless(mayFail || failed === 0, `${failed} bids got no good answer: ${codes(refused)}`),
      ],
    };
  });
}

const unless = (good: boolean, complaint: string): string[] => (good ? [] : [complaint]);

const codes = (failed: readonly { readonly code: string }[]): string =>
  [...new Set(failed.map(({ code }) => code))].join(', ');

/**
 * Sends bids again with their keys: those that nobody knows the outcome of, which get one now, and
 * some that were accepted, which get the answer that they had.
 */
async function secondAnswers(crowd: Crowd): Promise<string[]> {
  const { accepted, unknown } = crowd.ledger;
  const every = Math.max(1, Math.ceil(accepted.length / SENT_AGAIN));
  const some = accepted.filter((_, i) => i % every === 0);
  const complaints: string[] = [];
  await eachWithLimit(unknown, AT_ONCE, async (bid) => {
    const answer = await crowd.sendAgain(bid);
    if (!('code' in answer)) accepted.push({ ...bid, receipt: answer });
    else if (answer.code === 'OUTCOME_UNKNOWN' || answer.code === 'UNAVAILABLE') {
      complaints.push(`${bid.key} sent again: ${answer.code}`);
    }
  });
  await eachWithLimit(some, AT_ONCE, async ({ receipt, ...bid }) => {
    const answer = await crowd.sendAgain(bid);
    if ('code' in answer || answer.bidId !== receipt.bidId || answer.seq !== receipt.seq) {
      const other = 'code' in answer ? answer.code : `${answer.bidId} at ${answer.seq}`;
      complaints.push(`${bid.key} was ${receipt.bidId} at ${receipt.seq}, sent again: ${other}`);
    }
  });
  return complaints;
}

async function untilEnded(system: FaultSystem, auctionIds: readonly string[]): Promise<void> {
  await waitUntil(
    async () => {
      const heads = await readRedisHeads(system.redis, auctionIds);
      return [...heads.values()].every(({ status }) => status === 'ended');
    },
    { withinMs: ENDED_WITHIN_MS, everyMs: 100, what: 'the end of the short auctions' },
  );
}

/**
 * Resolves when Postgres has everything that Redis has decided by now.
 * @throws Error after 5 minutes; the signal's reason
 */
export async function untilArchived(
  system: FaultSystem,
  auctionIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const heads = await readRedisHeads(system.redis, auctionIds);
  const giveUpAt = performance.now() + ARCHIVED_WITHIN_MS;
  await system.onPostgres(async (sql) => {
    for (;;) {
      const archived = await readArchivedSeqs(sql, auctionIds);
      const missing = auctionIds.filter((id) => (archived.get(id) ?? 0) < seqOf(heads, id));
      if (missing.length === 0) return;
      if (performance.now() > giveUpAt) {
        const [id = ''] = missing;
        throw new Error(
          `${missing.length} auctions are not archived, one is ${id}: ` +
            `${archived.get(id)} of ${seqOf(heads, id)}`,
        );
      }
      await pause(50, undefined, { signal });
    }
  });
}

const seqOf = (heads: ReadonlyMap<string, RedisHead>, id: string): number =>
  heads.get(id)?.seq ?? 0;

/** Resolves when Redis was told that everything is archived, so that its log can be trimmed. */
export async function untilRedisKnows(
  system: FaultSystem,
  auctionIds: readonly string[],
): Promise<void> {
  await waitUntil(
    async () => {
      const heads = await readRedisHeads(system.redis, auctionIds);
      return [...heads.values()].every(({ seq, archivedSeq }) => archivedSeq === seq);
    },
    {
      withinMs: MARKED_WITHIN_MS,
      everyMs: 200,
      what: 'the archived mark of every auction at its head',
    },
  );
}
