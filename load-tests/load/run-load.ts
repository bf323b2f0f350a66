/** One load from the first token to the verdict. */
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { countsOf } from '@outcry/shared/domain/group-by.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { countedSince, totals } from '@outcry/shared/testing/metrics.ts';
import { latencies, type Latencies } from '@outcry/shared/testing/percentile.ts';
import { compareAccounts, faultsOf, readRedisHeads, untilEnded } from '../accounts/accounts.ts';
import type { RedisHead } from '../accounts/accounts.ts';
import { bidderTokens, clientOf, createAuctions, named, plainTerms } from '../crowd/people.ts';
import { DAY_SECONDS } from '../crowd/people.ts';
import { openViewers, type ViewersFigures } from '../crowd/viewers.ts';
import { EBAY_AUCTIONS, ebayTerms, timeScale } from '../data/ebay-auctions.ts';
import { describeMachine, memoryOf, openWindow, sum } from '../system/machine.ts';
import type { Used } from '../system/machine.ts';
import type { PartName, ServiceName, WholeSystem } from '../system/system.ts';
import { k6Version, startK6 } from './k6.ts';
import type { LoadOptions } from './plans.ts';

export interface RunTools {
  readonly system: WholeSystem;
  /** Where raw data and figures are written; created. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Called between the end of the load and the reconciliation: tests plant a loss here. */
  readonly beforeReconciling?: (auctionIds: readonly string[]) => Promise<void>;
}

export type LoadResult = Awaited<ReturnType<typeof runLoad>>;

/** About what k6 needs before the warm-up begins. */
const K6_STARTS_MS = 1_000;

/**
 * @returns `reconciliation`: 2xx answers that k6 counted, accepted bids among the events in Redis, rows of
 *   accepted bids in Postgres, bids whose answer was lost, so that each may have been accepted or not,
 *   and one line for each thing that does not agree, and for each viewer who was left behind; `kills`:
 *   when a part was dead, and the latency of the bids sent meanwhile
 * @throws Error when the load could not be run, or the system did not come back
 */
export async function runLoad(options: LoadOptions, tools: RunTools) {
  const { system, folder, signal } = tools;
  const { say } = system.bed;
  const startedAt = new Date().toISOString();
  await mkdir(folder, { recursive: true });
  say('creating users and auctions');
  const setup = await prepare(options, system, signal);
  await writeFile(join(folder, 'setup.json'), JSON.stringify(setup));
  const loaded = await underLoad(options, tools, setup);
  say('waiting for the archive, and reconciling');
  const raw = createReadStream(join(folder, 'raw.csv.gz')).pipe(createGunzip());
  const found = await readFigures(createInterface({ input: raw }));
  const { figures, acceptedBids, unknown, decided } = found;
  const { auctionIds } = setup;
  if (options.scenario === 'sniping') await untilEnded(system.redis, auctionIds);
  const accepted = acceptedBids.map(({ auction, seq }) => {
    return { auctionId: auctionIds[auction] ?? '', seq };
  });
  const limit = { signal, beforeComparing: tools.beforeReconciling };
  const compared = await compareAccounts(system, auctionIds, { accepted, unknown }, limit);
  const { heads, archivedBids, archivedEvents } = compared;
  const result = {
    options,
    startedAt,
    machine: await describeMachine(folder, system.bed.urls, { k6: await k6Version() }),
    figures,
    ...loaded,
    kills: loaded.kills.map((kill) => {
      return { ...kill, bids: latenciesBetween(decided, kill.fromMs, kill.toMs) };
    }),
    reconciliation: {
      answered: accepted.length,
      inRedis: sum([...heads.values()].map(({ seq }) => seq)) - (archivedEvents - archivedBids),
      inPostgres: archivedBids,
      unknown,
      faults: [...faultsOf(compared), ...viewersBehind(heads, loaded.viewers)],
    },
  };
  await writeFile(join(folder, 'figures.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** Accepted bids within the window move the end so far. */
const SOFT_CLOSE_SECONDS = 5;
/** From now until the auctions of `sniping` end: creating them, k6's start, the warm-up. */
const BEFORE_THE_END_SECONDS = 15;

const numberOf = (bidder: string): number => Number(bidder.replace('bidder-', ''));

export type Setup = Awaited<ReturnType<typeof prepare>>;

/**
 * Creates the users and auctions of one run, for the scenarios. `endsAtMs`: when the auctions of `sniping` end,
 * ms since 1970; `replayed`: only for `replay`, its bids' times in ms after the start, its bidders as indices
 * of `tokens`
 * @throws OutcryError when the gateway does not answer
 */
async function prepare(
  options: LoadOptions,
  { bed, gatewayUrls }: WholeSystem,
  signal: AbortSignal,
) {
  const { name, scenario, vus, seconds, warmUpSeconds, auctions } = options;
  const run = `x${Date.now().toString(36)}`;
  const isReplay = scenario === 'replay';
  const ebay = isReplay ? EBAY_AUCTIONS : [];
  // Twice as many as bid at once: they take turns, so whoever bids is not the leader, whose bid would
  // change no price. An odd number, so that with an even number of auctions others come to each in
  // the next round. A replay needs as many as bid in one auction.
  const ofReplay = ebay.flatMap((each) => each.bids.map(({ bidder }) => numberOf(bidder)));
  const count = Math.max(2 * vus + 1, ...ofReplay);
  const endsAtMs =
    scenario === 'sniping' ? Date.now() + (BEFORE_THE_END_SECONDS + warmUpSeconds) * 1000 : null;
  const own = Array.from({ length: isReplay ? 0 : auctions }, (_, i): AuctionRequest => {
    const { durationSeconds = 0, ...plain } = plainTerms(`${name} ${i + 1}`);
    if (endsAtMs === null) return { ...plain, durationSeconds };
    const softClose = {
      windowSeconds: SOFT_CLOSE_SECONDS,
      extendSeconds: SOFT_CLOSE_SECONDS,
      hardEndsAt: new Date(endsAtMs + (seconds * 1000) / 2).toISOString(),
    };
    return { ...plain, endsAt: new Date(endsAtMs).toISOString(), softClose };
  });
  // eBay's terms, but the auction does not end: only the price after the last bid matters.
  const ofEbay = ebay.map((auction) => ebayTerms(auction, DAY_SECONDS));
  const { afterStartMs } = timeScale(seconds);
  const seller = await clientOf(`${run}-seller`, ['seller'], { gatewayUrl: gatewayUrls[0] ?? '' });
  return {
    ...options,
    gatewayUrls,
    run,
    endsAtMs,
    extendMs: SOFT_CLOSE_SECONDS * 1000,
    tokens: bidderTokens(bed.secret, named(`${run}-bidder`, count)),
    auctionIds: await createAuctions(seller, [...own, ...ofEbay], signal),
    replayed: ebay.map(({ number, closingPrice, bids: placed }) => ({
      number,
      closingPrice,
      bids: placed.map(({ atSeconds, bidder, maxAmount }) => ({
        atMs: Math.round(afterStartMs(atSeconds)),
        bidder: numberOf(bidder) - 1,
        maxAmount,
      })),
    })),
  };
}

/** The scenario, with what is looked at and broken meanwhile. */
async function underLoad(
  { name, scenario, kills: hasKills, seconds, warmUpSeconds, viewers: count, popular }: LoadOptions,
  { system, folder, signal }: RunTools,
  { auctionIds }: Setup,
) {
  const beginsMs = K6_STARTS_MS + warmUpSeconds * 1000;
  const broadcasters = system.all('broadcast-service');
  const measuredFrom = Date.now() + beginsMs;
  const watched = { broadcasters, auctionIds, viewers: count, popular, measuredFrom };
  const viewers = count === 0 ? undefined : await openViewers(watched);
  // When one of the two fails the other must end too.
  const stopping = new AbortController();
  const both = AbortSignal.any([signal, stopping.signal]);
  let sampler: ReturnType<typeof sampleSystem> | undefined;
  let killing: ReturnType<typeof killPartsInTurn> = Promise.resolve([]);
  try {
    system.bed.say(`${name}: ${warmUpSeconds} s to warm up, then ${seconds} s`);
    const k6 = await startK6(scenario, folder, both);
    sampler = sampleSystem(system, auctionIds, k6.pid);
    if (hasKills) killing = killPartsInTurn(system, beginsMs, seconds * 1000, both);
    const [k6Kept, kills] = await Promise.all([k6.limitsKept, killing]);
    const { samples } = sampler;
    const seen = (await viewers?.leave()) ?? null;
    // Limits for viewers that all read as fast as they can.
    const times = seen?.sockets.latencies ?? { p95: 0, p99: 0 };
    const limitsKept = k6Kept && times.p95 < 300 && times.p99 < 750;
    return { limitsKept, kills, samples, viewers: seen };
  } finally {
    stopping.abort(new Error('the other half of the run failed'));
    // No part may be started when the system is stopped.
    await Promise.allSettled([killing]);
    await sampler?.stop();
    viewers?.close();
  }
}

/** What viewers were not shown as it must be, and who left without the last event. */
function viewersBehind(heads: ReadonlyMap<string, RedisHead>, viewers: ViewersFigures | null) {
  const faults: string[] = [];
  for (const [kind, { disorder, missed, lost, ends }] of Object.entries(viewers ?? {})) {
    if (disorder + missed + lost > 0) {
      faults.push(`${kind}: ${disorder} out of order, ${missed} missed, ${lost} connections lost`);
    }
    const behind = ends.filter(({ auctionId, seq }) => heads.get(auctionId)?.seq !== seq);
    faults.push(...behind.map(({ auctionId, seq }) => `${auctionId}: a viewer left at seq ${seq}`));
  }
  return faults;
}

/** Bids must not depend on these. */
const KILLED: readonly PartName[] = ['nats', 'postgres', 'archival-worker', 'broadcast-service'];

/**
 * Divides the time into equal turns, one a part: healthy for a third of it, dead for a third, back
 * for a third. @param afterMs healthy time before the first turn @param forMs all turns
 * @returns when each part was dead
 * @throws Error when a part does not come back; the signal's reason
 */
async function killPartsInTurn(
  system: WholeSystem,
  afterMs: number,
  forMs: number,
  signal: AbortSignal,
) {
  const { say } = system.bed;
  const kills = [];
  const begin = performance.now() + afterMs;
  const until = (turns: number): Promise<void> => {
    const dueAt = begin + (turns * forMs) / KILLED.length;
    return pause(Math.max(0, dueAt - performance.now()), undefined, { signal });
  };
  for (const [turn, part] of KILLED.entries()) {
    await until(turn + 1 / 3);
    say(`kill -9 of ${part}`);
    const fromMs = Date.now();
    await system.part(part).kill();
    await until(turn + 2 / 3);
    await system.startPart(part);
    kills.push({ part, fromMs, toMs: Date.now() });
    say(`${part} is back`);
  }
  return kills;
}

const SAMPLE_EVERY_MS = 1_000;

export type Sample = ReturnType<typeof sampleOf>;

/**
 * @returns events that Redis has and JetStream, or Postgres, has not confirmed yet; commands in a script
 *   call and messages to viewers since the sample before, null when there was none or that is not known;
 *   by part, cores in use since then and resident memory
 */
const sampleOf = (
  heads: readonly RedisHead[],
  since: Used & Readonly<Record<'calls' | 'commands' | 'messages', number>>,
  memoryMib: Readonly<Record<string, number>>,
) => ({
  /** ms since 1970. */
  at: Date.now(),
  unpublished: sum(heads.map(({ seq, publishedSeq }) => seq - publishedSeq)),
  unarchived: sum(heads.map(({ seq, archivedSeq }) => seq - archivedSeq)),
  meanBatch: since.calls > 0 ? since.commands / since.calls : null,
  messagesPerSecond: since.messages >= 0 ? since.messages / since.seconds : null,
  cores: since.cores,
  memoryMib,
});

const OF_BIDS = {
  calls: ['outcry_batch_commands_count'],
  commands: ['outcry_batch_commands_sum'],
} as const;
const OF_VIEWERS = { messages: ['outcry_feed_messages_out_total'] } as const;

/** Looks once a second until it is stopped. @param k6 the process that makes the load */
function sampleSystem(system: WholeSystem, auctionIds: readonly string[], k6: number) {
  const samples: Sample[] = [];
  const urls = (service: ServiceName) => system.all(service).map(({ url }) => url);
  const read = async () => ({
    ...(await totals(urls('api-gateway'), OF_BIDS)),
    ...(await totals(urls('broadcast-service'), OF_VIEWERS)),
  });
  let last: { counted: Awaited<ReturnType<typeof read>>; close: () => Used } | undefined;
  const look = async (): Promise<void> => {
    const parts = { ...system.processes, k6: [k6] };
    const heads = [...(await readRedisHeads(system.redis, auctionIds)).values()];
    const counted = await read();
    const since = last && { ...countedSince(last.counted, counted), ...last.close() };
    last = { counted, close: openWindow(parts) };
    if (since !== undefined) samples.push(sampleOf(heads, since, memoryOf(parts)));
  };
  const rounds = new Rounds(async () => {
    // A sample that cannot be taken is a gap in the plots, and no reason to end the run.
    await look().catch(() => undefined);
    return SAMPLE_EVERY_MS;
  });
  rounds.start();
  return { samples, stop: () => rounds.stop() };
}

interface TimedBid {
  /** ms since 1970. */
  readonly sentAt: number;
  readonly ms: number;
  readonly answer: string;
}

/** Answers that decide nothing. */
const isFailure = ({ answer }: TimedBid): boolean =>
  ['NO_ANSWER', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'INTERNAL'].includes(answer) ||
  answer.startsWith('STATUS_5');

const times = (of: readonly TimedBid[]): Latencies => latencies(of.map(({ ms }) => ms));

/** Of the bids that were sent between two times, ms since 1970. */
export const latenciesBetween = (bids: readonly TimedBid[], from: number, to: number): Latencies =>
  times(bids.filter(({ sentAt }) => sentAt >= from && sentAt < to));

const COLUMNS = ['metric_name', 'timestamp', 'metric_value', 'scenario', 'extra_tags'] as const;

/**
 * From k6's single measurements, in the order of its CSV file, to figures. The warm-up is reconciled
 * but not measured.
 * @returns `beganAt`: when the measured bids began, ms since 1970; `answers`: how many bids got each;
 *   `dropped`: bids that were due and found no free bidder; `acceptedBids`: as k6 was told, by index of
 *   the auction @throws Error when no bid was measured, or a column is missing
 */
export async function readFigures(lines: AsyncIterable<string>) {
  const bids: TimedBid[] = [];
  const acceptedBids: { readonly auction: number; readonly seq: number }[] = [];
  let unknown = 0;
  let dropped = 0;
  let places: readonly number[] | undefined;
  for await (const line of lines) {
    const cells = line.split(',');
    if (places === undefined) {
      places = COLUMNS.map((name) => cells.indexOf(name));
      const missing = COLUMNS[places.indexOf(-1)];
      if (missing !== undefined) throw new Error(`k6's CSV has no column ${missing}: ${line}`);
      continue;
    }
    const [metric, timestamp, metricValue, scenario, extra] = places.map((at) => cells[at]);
    const value = Number(metricValue);
    const tags = new URLSearchParams(extra);
    if (metric === 'bid_seq') {
      acceptedBids.push({ auction: Number(tags.get('auction')), seq: value });
    } else if (metric === 'bid_failed') unknown += value;
    else if (metric === 'dropped_iterations' && scenario === 'main') dropped += value;
    else if (metric === 'bid_ms' && scenario === 'main') {
      bids.push({ sentAt: Number(timestamp) - value, ms: value, answer: tags.get('answer') ?? '' });
    }
  }
  if (bids.length === 0) throw new Error('no bid was measured');
  const answers = Object.fromEntries(countsOf(bids.map(({ answer }) => answer)));
  const beganAt = bids.reduce((first, { sentAt }) => Math.min(first, sentAt), Infinity);
  const decided = bids.filter((bid) => !isFailure(bid));
  const accepted = times(bids.filter(({ answer }) => answer === 'accepted'));
  const refused = times(decided.filter(({ answer }) => answer !== 'accepted'));
  const figures = { beganAt, accepted, refused, answers, dropped };
  return { acceptedBids, unknown, decided, figures };
}
