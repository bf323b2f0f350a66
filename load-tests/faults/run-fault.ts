/** One fault from its first bid to the verdict: whether all accounts agree, and what it cost. */
import { setTimeout as pause } from 'node:timers/promises';
import { nanos } from '@nats-io/transport-node';
import type { Sql } from 'postgres';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import {
  compareAccounts,
  faultsOf,
  readRedisHeads,
  untilArchived,
  untilHeads,
  watchLogs,
} from '../accounts/accounts.ts';
import { chosenNames, errorText, firstOf, ms, number, optionsText } from '../command-line.ts';
import { readArguments, table, whole } from '../command-line.ts';
import { startBidders, type Bidders } from '../crowd/bidders.ts';
import { eachWithLimit } from '../crowd/people.ts';
import { watchAuctions } from '../crowd/viewers.ts';
import { residentMib } from '../system/machine.ts';
import type { WholeSystem } from '../system/system.ts';
import type { Broken, Fault, FaultStage, FaultSystem } from './fault-system.ts';

const OPTIONS = {
  before: number('seconds of healthy bids before each fault', 1, 3_600).prefault('3'),
  seconds: number('how long a fault lasts', 1, 3_600).prefault('5'),
  outage: number('seconds for which NATS or Postgres are away', 1, 3_600).prefault('10'),
  bids: number('accepted while both are away', 1, 10_000_000).prefault('20000'),
};

export const FAULTS_USAGE = `npm run faults -- [fault …] [options]
${optionsText(OPTIONS)}
The exit code is 1 when anything was lost, duplicate, altered or refused that must not be.`;

/** @param known names of all faults; all are meant when none is named @throws UsageError */
export function faultOptions(args: readonly string[], known: readonly string[]) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const { before: beforeSeconds, outage: outageSeconds, seconds, bids } = values;
  const names = chosenNames('fault', positionals, known);
  return { names, sizes: { beforeSeconds, seconds, outageSeconds, bids } };
}

/**
 * JetStream delivers again what a dead worker had in hand after `deliverAgainSeconds`; undefined: as in
 * production, after 30. For runs that must be short.
 */
type FaultSizes = ReturnType<typeof faultOptions>['sizes'] & {
  readonly deliverAgainSeconds?: number;
};

export type FaultResult = Awaited<ReturnType<typeof runFault>>;

/** When it is over bids go on so long, so that the first ones after it are seen. */
const AFTER_MS = 500;
const LOOK_AT_MEMORY_EVERY_MS = 500;
const ACCEPTED_WITHIN_MS = 60_000;
const SLOWEST_BIDS_A_SECOND = 50;
/** Bidders who bid without a pause worth speaking of, on a few hot auctions and on many others. */
const CROWD = { bidders: 100, hot: 2, auctions: 42, atOnce: 16 };
/** Some auctions end while the fault lasts, so that there are winners. */
const ENDING_AUCTIONS = 8;
const MORE_IN_A_HURRY = 32;
/** The archive comes to the last bid within this, however much there is. */
const ARCHIVED_WITHIN_MS = 300_000;
const ENDED_WITHIN_MS = 30_000;
/** What a killed worker had stored is delivered again, and then reported. */
const MARKED_WITHIN_MS = 60_000;
/** Accepted bids that are sent again with their keys, spread over the fault. */
const SENT_AGAIN = 200;
const CURRENT_WITHIN_MS = 15_000;
const AT_ONCE = 16;

/**
 * @returns `refused`: bids that the rules allow; `recoveryMs`: until Postgres had everything that was
 *   accepted up to then; memory: the largest resident size of a process while the fault lasted
 * @throws Error when the system does not get well again, or the bench fails; the signal's reason
 */
export async function runFault(
  fault: Fault,
  faultSystem: FaultSystem,
  sizes: FaultSizes,
  signal: AbortSignal = new AbortController().signal,
) {
  const { system } = faultSystem;
  const seconds = fault.lasts === 'outage' ? sizes.outageSeconds : sizes.seconds;
  const bids = Math.min(sizes.bids, fault.enoughBids ?? sizes.bids);
  const startedAt = performance.now();
  const bidders = await startBidders({
    ...CROWD,
    gatewayUrls: system.gatewayUrls,
    // Unique also when the same fault is run twice on one system.
    name: `${fault.name}-${Date.now().toString(36)}`,
    ending: { auctions: ENDING_AUCTIONS, afterSeconds: sizes.beforeSeconds + seconds * 0.6 },
  });
  const { auctionIds, hotAuctionIds, ledger } = bidders;
  const stage: FaultStage = { ...faultSystem, bidders, signal };
  const watchers = watchAuctions([system.url('broadcast-service')], hotAuctionIds);
  const readLogs = watchLogs(system.redis, auctionIds);
  const memory = { gatewayMiB: 0, workerMiB: 0 };
  const watching = new Rounds(() => {
    const { 'api-gateway': gateways = [], 'archival-worker': workers = [] } = system.processes;
    memory.gatewayMiB = Math.max(memory.gatewayMiB, ...gateways.map(residentMib));
    memory.workerMiB = Math.max(memory.workerMiB, ...workers.map(residentMib));
    return Promise.resolve(LOOK_AT_MEMORY_EVERY_MS);
  });
  watching.start();
  try {
    await pause(sizes.beforeSeconds * 1000, undefined, { signal });
    const brokenAt = performance.now();
    const broken = await breakAndHeal(fault, stage, { ...sizes, seconds, bids });
    const failed = { refused: ledger.refused.length, unknown: ledger.unknown.length };
    const settled = await settle(fault, stage, readLogs, watchers);
    return {
      fault: fault.name,
      auctionIds,
      accepted: ledger.accepted.length,
      ...failed,
      ...settled.counts,
      recoveryMs: broken.recoveryMs,
      before: bidders.latency(startedAt, brokenAt),
      during: bidders.latency(brokenAt, broken.overAt),
      memory,
      complaints: [...broken.complaints, ...settled.complaints],
    };
  } finally {
    await Promise.allSettled([bidders.stop(), readLogs(), watching.stop()]);
    watchers.close();
  }
}

/** The fault under load, until the archive has caught up with it; then nobody bids any more. */
async function breakAndHeal(fault: Fault, stage: FaultStage, sizes: FaultSizes) {
  const { bidders, signal } = stage;
  const { seconds, bids, deliverAgainSeconds } = sizes;
  const healsItself = fault.healsItself === true;
  const lasting = async (): Promise<void> => {
    if (fault.lasts !== 'bids') return pause(seconds * 1000, undefined, { signal });
    bidders.hurry(MORE_IN_A_HURRY);
    const withinMs = ACCEPTED_WITHIN_MS + (bids / SLOWEST_BIDS_A_SECOND) * 1000;
    await bidders.untilAccepted(bids, withinMs, { signal });
  };
  const beganAt = performance.now();
  const broken = await fault.begin(stage);
  if (!healsItself) await lasting();
  const healedFrom = performance.now();
  const since = healsItself ? beganAt : healedFrom;
  const recovering = recover(broken, stage, since, deliverAgainSeconds);
  const beside = healsItself
    ? lasting()
    : pause(AFTER_MS, undefined, { signal }).then(() => bidders.stop());
  // The end of both, also when one fails: no part may be started when the system is stopped.
  await Promise.allSettled([recovering, beside]);
  const [recovered] = await Promise.all([recovering, beside]);
  const overAt = healsItself ? performance.now() : healedFrom;
  await bidders.stop();
  return { overAt, ...recovered };
}

/** Heals, and measures when Postgres has everything that was accepted until then. */
async function recover(
  broken: Broken,
  { system, bidders, signal }: FaultStage,
  since: number,
  deliverAgainSeconds = 0,
) {
  await broken.heal();
  signal.throwIfAborted();
  if (deliverAgainSeconds > 0) {
    // Until a worker starts and sets it back.
    const patience = { ack_wait: nanos(deliverAgainSeconds * 1000) };
    await system.onStreams(({ consumers }) =>
      consumers.update(EVENT_STREAM, ARCHIVE_CONSUMER, patience),
    );
  }
  const heads = await readRedisHeads(system.redis, bidders.auctionIds);
  const limit = { withinMs: ARCHIVED_WITHIN_MS, signal };
  const missing = await system.onPostgres((sql) => untilArchived(sql, heads, limit));
  if (missing.length > 0) {
    throw new Error(`${missing.length} auctions are not archived, such as ${missing[0]}`);
  }
  const recoveryMs = performance.now() - since;
  return { recoveryMs, complaints: (await broken.check?.()) ?? [] };
}

/** After a fault: every bid has its one answer, everything is archived, and all accounts agree. */
async function settle(
  fault: Fault,
  { system, bidders, signal }: FaultStage,
  readLogs: ReturnType<typeof watchLogs>,
  watchers: ReturnType<typeof watchAuctions>,
) {
  const { ledger, auctionIds } = bidders;
  const answers = await secondAnswers(bidders);
  await untilHeads(system.redis, bidders.endingAuctionIds, ({ status }) => status === 'ended', {
    withinMs: ENDED_WITHIN_MS,
    what: 'the end of the short auctions',
  });
  signal.throwIfAborted();
  const heads = await readRedisHeads(system.redis, auctionIds);
  const seen = await readLogs();
  const places = new Map([...heads].map(([id, { epoch, seq }]) => [id, { epoch, seq }]));
  const unseen = await watchers.behind(places, CURRENT_WITHIN_MS);
  const { accepted, refused, unknown } = ledger;
  // Each of those that were unknown has its answer now.
  const evidence = { accepted, refused, unknown: 0, seen, heads };
  const found = await compareAccounts(system, evidence, { withinMs: ARCHIVED_WITHIN_MS, signal });
  const { lost, duplicate, altered, superseded, conflicts, deadLetters } = found;
  const failed = [...refused, ...unknown].map(({ code }) => code);
  const historyUrl = system.url('archival-worker');
  return {
    counts: { lost: lost.length, duplicate: duplicate.length, altered: altered.length },
    complaints: [
      ...faultsOf(found),
      ...answers,
      ...unseen,
      ...watchers.disorder,
      ...(await system.verify()),
      ...(await system.onPostgres((sql) => checkLeaderboards(sql, historyUrl))),
      ...unless(superseded === 0, `${superseded} events were superseded`),
      ...unless(conflicts === 0, `${conflicts} conflicts`),
      ...unless(deadLetters === (fault.deadLetters ?? 0), `${deadLetters} dead letters`),
      ...unless(accepted.length > 0, 'no bid was accepted'),
      ...unless(
        fault.mayRefuse !== undefined || failed.length === 0,
        `${failed.length} bids got no good answer: ${[...new Set(failed)].join(', ')}`,
      ),
    ],
  };
}

const unless = (good: boolean, complaint: string): string[] => (good ? [] : [complaint]);

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

/** Resolves when Redis was told that everything is archived, so that its log can be trimmed. */
export const untilRedisKnows = ({ redis }: WholeSystem, ids: readonly string[]) =>
  untilHeads(redis, ids, ({ seq, archivedSeq }) => archivedSeq === seq, {
    withinMs: MARKED_WITHIN_MS,
    what: 'the archived mark of every auction at its head',
  });

const SHOWN_ON_BOARD = 200;
/** A board is shared for 3 s, so it may be that old. */
const SHARED_FOR_MS = 5_000;
/** The auctions that count on the leaderboard: those that are over, by twenties. */
const SHOWN_AUCTIONS = `
  WITH over AS (
    SELECT auction_id, count(*) OVER () AS auctions,
           row_number() OVER (ORDER BY max(at), auction_id) AS nth
      FROM history_events WHERE type IN ('ended', 'bought', 'cancelled') GROUP BY auction_id),
  shown AS (SELECT auction_id FROM over WHERE nth <= auctions - auctions % 20)`;
const wins = (value: string): string => `
  SELECT private::jsonb ->> 'leaderId' AS user_id, ${value} AS value
    FROM history_events JOIN shown USING (auction_id)
   WHERE type IN ('ended', 'bought') AND public::jsonb -> 'state' ->> 'outcome' = 'sold'`;
const COUNTED = {
  bids: `SELECT user_id, 1 AS value FROM history_events JOIN shown USING (auction_id)
          WHERE type IN ('bid', 'bought')`,
  wins: wins('1'),
  spent: wins("(public::jsonb -> 'state' ->> 'price')::bigint"),
};

/**
 * Leaderboards against a recomputation from nothing but the archived events.
 * @returns one line for each that differs
 */
async function checkLeaderboards(sql: Sql, historyUrl: string): Promise<string[]> {
  const client = new OutcryClient({ gatewayUrl: historyUrl, historyUrl });
  const complaints: string[] = [];
  for (const by of ['bids', 'wins', 'spent'] as const) {
    const rows = await sql.unsafe<{ value: number }[]>(`
      ${SHOWN_AUCTIONS}
      SELECT sum(value)::float8 AS value FROM (${COUNTED[by]}) AS counted
       GROUP BY user_id ORDER BY 1 DESC LIMIT ${SHOWN_ON_BOARD}`);
    const wanted = rows.map(({ value }) => coarse(value)).join();
    const isShown = async (): Promise<boolean> => {
      const { items } = await client.leaderboard({ by, window: 'all', limit: SHOWN_ON_BOARD });
      return items.map(({ value }) => value).join() === wanted;
    };
    const limit = { withinMs: SHARED_FOR_MS, everyMs: 200, what: by };
    await waitUntil(isShown, limit).catch((error: unknown) =>
      complaints.push(`the leaderboard by ${by} is not what the events say: ${errorText(error)}`),
    );
  }
  return complaints;
}

/** The highest of 1, 2, 5, 10, 20, 50 … that a positive number reaches. */
function coarse(value: number): number {
  const power = 10 ** (String(value).length - 1);
  const first = Math.floor(value / power);
  return (first >= 5 ? 5 : first >= 2 ? 2 : 1) * power;
}

const COMPLAINTS_SHOWN = 10;
const COUNTS = ['accepted', 'refused', 'unknown', 'lost', 'duplicate', 'altered'] as const;
const OTHERS = ['recovered', 'p50 ms', 'p99 ms', 'gateway MiB', 'worker MiB', ''];

/** The table, and below it what was wrong. Latencies are healthy → while the fault lasts. */
export function resultsText(results: readonly FaultResult[]): string {
  const rows = results.map((result) => {
    const { before, during, memory, complaints } = result;
    const counts = COUNTS.map((name) => whole(result[name]));
    const p50 = `${ms(before.p50Ms)} → ${ms(during.p50Ms)}`;
    const p99 = `${ms(before.p99Ms)} → ${ms(during.p99Ms)}`;
    const sizes = [whole(memory.gatewayMiB), whole(memory.workerMiB)];
    const recovered = `${(result.recoveryMs / 1000).toFixed(1)} s`;
    const verdict = complaints.length === 0 ? 'good' : 'BAD';
    return [result.fault, ...counts, recovered, p50, p99, ...sizes, verdict];
  });
  const wrong = results.flatMap(({ fault, complaints }) =>
    firstOf(complaints, COMPLAINTS_SHOWN).map((complaint) => `${fault}: ${complaint}`),
  );
  return [table(['fault', ...COUNTS, ...OTHERS], rows), ...wrong].join('\n');
}
