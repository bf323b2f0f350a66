/** One fault from its first bid to the verdict: whether all accounts agree, and what it cost. */
import { setTimeout as pause } from 'node:timers/promises';
import { nanos } from '@nats-io/transport-node';
import { residentMib } from '@outcry/local/processes/process-table.ts';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { compareAccounts, faultsOf, readRedisHeads } from '../accounts/accounts.ts';
import { untilArchived, untilEnded, watchLogs } from '../accounts/accounts.ts';
import { chosenNames, firstOf, ms, number, optionsText } from '../command-line.ts';
import { readArguments, table, whole } from '../command-line.ts';
import { startBidders, type Bidders } from '../crowd/bidders.ts';
import { AT_ONCE } from '../crowd/people.ts';
import { watchAuctions } from '../crowd/viewers.ts';
import type { Broken, Fault, FaultStage, FaultSystem } from './fault-system.ts';

const OPTIONS = {
  before: number('seconds of healthy bids before each fault', 1, 3_600).default(3),
  seconds: number('how long a fault lasts', 1, 3_600).default(5),
  outage: number('seconds for which NATS or Postgres are away', 1, 3_600).default(10),
  bids: number('accepted while both are away', 1, 10_000_000).default(20_000),
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
const ENDED_WITHIN_MS = 30_000;
const ARCHIVED_WITHIN_MS = 300_000;
/** Accepted bids that are sent again with their keys, spread over the fault. */
const SENT_AGAIN = 200;
const CURRENT_WITHIN_MS = 15_000;
/** Answers after which nobody knows what became of a bid. */
const UNDECIDED = new Set(['OUTCOME_UNKNOWN', 'UNAVAILABLE']);

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
  const watching = setInterval(() => {
    const { 'api-gateway': gateways = [], 'archival-worker': workers = [] } = system.processes;
    memory.gatewayMiB = Math.max(memory.gatewayMiB, ...gateways.map(residentMib));
    memory.workerMiB = Math.max(memory.workerMiB, ...workers.map(residentMib));
  }, LOOK_AT_MEMORY_EVERY_MS);
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
    clearInterval(watching);
    await Promise.allSettled([bidders.stop(), readLogs()]);
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
  const { accepted, refused, unknown } = bidders.ledger;
  const failed = new Set([...refused, ...unknown].map(({ code }) => code));
  const answers = await secondAnswers(bidders);
  await untilEnded(system.redis, bidders.endingAuctionIds, ENDED_WITHIN_MS);
  signal.throwIfAborted();
  // Each of those that were unknown has its answer now.
  const told = { accepted, refused, unknown: 0, seen: await readLogs() };
  const heads = await readRedisHeads(system.redis, bidders.auctionIds);
  const unseen = await watchers.behind(heads, CURRENT_WITHIN_MS);
  const limit = { withinMs: ARCHIVED_WITHIN_MS, signal };
  const found = await compareAccounts(system, bidders.auctionIds, told, limit);
  const { lost, duplicate, altered, superseded, conflicts, deadLetters } = found;
  const mustAccept = fault.mayRefuse === undefined;
  return {
    counts: { lost: lost.length, duplicate: duplicate.length, altered: altered.length },
    complaints: [
      ...faultsOf(found),
      ...answers,
      ...unseen,
      ...watchers.disorder,
      ...(await system.verify()),
      ...unless(superseded === 0, `${superseded} events were superseded`),
      ...unless(conflicts === 0, `${conflicts} conflicts`),
      ...unless(deadLetters === (fault.deadLetters ?? 0), `${deadLetters} dead letters`),
      ...unless(accepted.length > 0, 'no bid was accepted'),
      ...unless(!mustAccept || failed.size === 0, `bids were answered ${[...failed].join(', ')}`),
    ],
  };
}

const unless = (good: boolean, complaint: string): string[] => (good ? [] : [complaint]);

/**
 * Sends bids again with their keys: those that nobody knows the outcome of, which get one now, and
 * some that were accepted, which get the answer that they had.
 */
async function secondAnswers({ ledger, sendAgain }: Bidders): Promise<string[]> {
  const { accepted, unknown } = ledger;
  const every = Math.max(1, Math.ceil(accepted.length / SENT_AGAIN));
  const some = accepted.filter((_, i) => i % every === 0);
  const complaints = await eachWithLimit([...unknown, ...some], AT_ONCE, async (bid) => {
    const answer = await sendAgain(bid);
    const [was, is] = [bid, answer].map((each) =>
      'code' in each ? each.code : `${each.bidId} at ${each.seq}`,
    );
    if ('code' in bid && !('code' in answer)) accepted.push(answer);
    const isGood = 'code' in bid ? !UNDECIDED.has(`${is}`) : is === was;
    return isGood ? [] : [`${bid.key} was ${was}, sent again: ${is}`];
  });
  return complaints.flat();
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
