/** Replays real auctions through the running system, all at once, by users who never give up. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { readRunFile } from '@outcry/local/run-file.ts';
import { isRefusalCode, type RefusalCode } from '@outcry/shared/domain/refusals.ts';
import { errorText, number, optionsText, PlainError, readArguments } from '../command-line.ts';
import { clientOf, DAY_SECONDS, eachWithLimit } from '../crowd/people.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';
import { ROOT } from '../system/system.ts';

const broken = true;
const OPTIONS = {
  seconds: number('how long seven days take', 1, 86_400, { broken }).prefault('20'),
  grace: number('seconds that every auction lasts longer, for bids sent again', 0, 3_600, {
    broken,
  }).prefault('5'),
  'archive-wait': number('seconds to wait for the archive at the end', 1, 3_600, {
    broken,
  }).prefault('60'),
  live: z.boolean().default(false).describe('simulates bidders on a few auctions instead'),
  minutes: number('how long --live goes on', 0.05, 1_440, { broken }).prefault('10'),
};

export const DEMO_USAGE = `npm run demo              replays 314 real eBay auctions\n${optionsText(OPTIONS)}`;

export type DemoOptions = ReturnType<typeof demoOptions>;

/** @throws UsageError */
export function demoOptions(args: readonly string[]) {
  const { values } = readArguments(args, OPTIONS);
  return {
    /** How long seven days take. */
    weekSeconds: values.seconds,
    /** What every auction lasts longer, so that bids sent again still come in time. */
    graceSeconds: values.grace,
    /** How long to wait for the archive after the last auction. */
    archiveWaitSeconds: values['archive-wait'],
    /** Minutes of simulated bidding instead of the replay. */
    liveMinutes: values.live ? values.minutes : undefined,
  };
}

/** An auction that came to its end; one answer a bid, and where each accepted one stands. */
export type Replayed = Awaited<ReturnType<typeof replay>>;

export interface ReplayTools {
  readonly users: DemoUsers;
  readonly scale: TimeScale;
  /** Unique to this run; part of every idempotency key. */
  readonly run: string;
  readonly signal: AbortSignal;
  /** How far the replay is; kept up to date. */
  readonly progress: { answered: number; opened: number; closed: number };
}

const OPENED_AT_ONCE = 32;
const END_CHECK_MS = 250;
/** The keeper closes auctions on time; this is for the case that it is just being replaced. */
const END_WAIT_MS = 60_000;

/**
 * Opens the auctions, a bounded number at a time; each runs from its own start.
 * @returns those that came to their end, and one line for each of the others
 */
export async function replayAll(auctions: readonly EbayAuction[], tools: ReplayTools) {
  const { signal, progress } = tools;
  const stopped: string[] = [];
  const attempt = async <T>(ebay: EbayAuction, step: Promise<T>): Promise<T | undefined> => {
    try {
      return await step;
    } catch (error) {
      signal.throwIfAborted();
      stopped.push(`auction ${ebay.number}: stopped by ${errorText(error)}`);
      return undefined;
    }
  };
  const runs: Promise<Replayed | undefined>[] = [];
  await eachWithLimit(auctions, OPENED_AT_ONCE, async (ebay) => {
    const running = await attempt(ebay, open(ebay, tools));
    if (running === undefined) return;
    progress.opened += 1;
    const run = attempt(ebay, replay(running, tools)).finally(() => (progress.closed += 1));
    // Awaited below; until then a failure must not count as unnoticed.
    run.catch(() => undefined);
    runs.push(run);
  });
  const replayed = (await Promise.all(runs)).filter((each) => each !== undefined);
  return { replayed, stopped };
}

/** Creates the auction with eBay's terms: default increments, no soft close. */
async function open(ebay: EbayAuction, { users, scale, run }: ReplayTools) {
  // Taken before the call: if its answer is lost, the auction may run from here on.
  const startedAt = performance.now();
  const request = {
    item: { title: `${ebay.item} (eBay auction ${ebay.number})` },
    currency: 'USD',
    startPrice: ebay.startPrice,
    ...(ebay.reservePrice === undefined ? {} : { reservePrice: ebay.reservePrice }),
    durationSeconds: scale.durationSeconds(ebay.days),
    softClose: null,
  };
  const options = { idempotencyKey: `${run}-${ebay.number}-create` };
  const { id: auctionId } = await users.seller.createAuction(request, options);
  return { ebay, auctionId, startedAt };
}

/**
 * Places the bids, each at its time and never before the one before has its answer, and waits for
 * the end.
 * @throws Error when a bid or the end gets no answer for a minute
 */
async function replay(
  { ebay, auctionId, startedAt }: Awaited<ReturnType<typeof open>>,
  tools: ReplayTools,
) {
  const { users, scale, run, signal, progress } = tools;
  const pauseUntil = (ms: number): Promise<void> =>
    pause(Math.max(0, startedAt + ms - performance.now()), undefined, { signal });
  const answers: ('OK' | RefusalCode)[] = [];
  const acceptedSeqs: number[] = [];
  for (const [i, { atSeconds, bidder, maxAmount }] of ebay.bids.entries()) {
    await pauseUntil(scale.afterStartMs(atSeconds));
    const options = { idempotencyKey: `${run}-${ebay.number}-${i + 1}` };
    try {
      const { seq } = await users.bidder(bidder).bid(auctionId, { maxAmount }, options);
      answers.push('OK');
      acceptedSeqs.push(seq);
    } catch (error) {
      // Refusals are answers like any other; what is no decision ends the replay.
      if (!(error instanceof OutcryError) || !isRefusalCode(error.code)) throw error;
      answers.push(error.code);
    }
    progress.answered += 1;
  }
  await pauseUntil(scale.durationSeconds(ebay.days) * 1000);
  const giveUpAt = performance.now() + END_WAIT_MS;
  let final = await users.seller.auction(auctionId);
  while (final.status !== 'ended' && performance.now() < giveUpAt) {
    await pause(END_CHECK_MS, undefined, { signal });
    final = await users.seller.auction(auctionId);
  }
  return { ebay, auctionId, answers, acceptedSeqs, final };
}

type TimeScale = ReturnType<typeof timeScale>;

/**
 * Days of an auction pressed into seconds. @param weekSeconds how long seven days take
 * @param graceSeconds what every auction lasts longer than its share: bids of the last instant, and
 *   those that had to be sent again, must still come in time
 */
export function timeScale(weekSeconds: number, graceSeconds: number) {
  /** When something happens, in ms after the start, that happened `seconds` after it on eBay. */
  const afterStartMs = (seconds: number): number =>
    (seconds * weekSeconds * 1000) / (7 * DAY_SECONDS);
  /** How long an auction of so many days lasts here, with the grace. */
  const durationSeconds = (days: number): number =>
    Math.ceil(afterStartMs(days * DAY_SECONDS)) / 1000 + graceSeconds;
  return { afterStartMs, durationSeconds };
}

const TOKENS_AT_ONCE = 8;
/** How long one request is repeated before the demo gives up. */
const PATIENCE_MS = 60_000;
const ATTEMPT_MS = 5_000;
const PAUSE_MS = 250;

export type DemoUsers = Awaited<ReturnType<typeof createDemoUsers>>;

/**
 * Gets a token for everybody. @param run unique to this run; part of every user id
 * @returns clients, and how many requests got no usable answer and were sent again
 */
export async function createDemoUsers(
  { gatewayUrl, historyUrl }: RunningSystem,
  run: string,
  bidders: readonly string[],
  signal: AbortSignal,
) {
  let resent = 0;
  /** Repeats a request, which has one idempotency key, however long a part of the system is away. */
  async function untilAnswered(url: string, init: RequestInit): Promise<Response> {
    for (;;) {
      const once = { ...init, signal: AbortSignal.timeout(ATTEMPT_MS) };
      const response = await fetch(url, once).catch(() => undefined);
      if (response !== undefined && response.status < 500 && response.status !== 429) {
        return response;
      }
      await response?.body?.cancel();
      resent += 1;
      await pause(PAUSE_MS, undefined, { signal });
      init.signal?.throwIfAborted();
    }
  }
  const patience = { fetch: untilAnswered, timeoutMs: PATIENCE_MS, retries: 0 };
  const connection = { gatewayUrl, historyUrl, ...patience };
  const made = await eachWithLimit(bidders, TOKENS_AT_ONCE, async (name) => {
    return [name, await clientOf(`${run}-${name}`, ['bidder'], connection)] as const;
  });
  const clients = new Map(made);
  return {
    seller: await clientOf(`${run}-seller`, ['seller'], connection),
    /** @throws Error for a bidder who was not named before */
    bidder(name: string): OutcryClient {
      const client = clients.get(name);
      if (client === undefined) throw new Error(`there is no bidder ${name}`);
      return client;
    },
    resent: () => resent,
  };
}

export type RunningSystem = Awaited<ReturnType<typeof findSystem>>;

const RUN_FILE = join(ROOT, '.local', 'run.json');
const DEFAULT_GATEWAY_URL = 'http://127.0.0.1:8080';

/** The environment names a system that `npm start` did not start. */
const SETTINGS = z.object({
  GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
});

/** @throws PlainError naming every variable that cannot be used, without its value */
function readSettings() {
  const given = Object.entries(process.env).filter(([, value]) => value !== '');
  const { data, error } = SETTINGS.safeParse(Object.fromEntries(given));
  if (data !== undefined) return data;
  const mistakes = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new PlainError(`the demo cannot start: ${mistakes?.join('; ')}`);
}

/**
 * @returns where it is; without `databaseUrl` only the history API is asked
 * @throws PlainError when nothing answers, or it gives out no tokens for demo users
 */
export async function findSystem() {
  const settings = readSettings();
  const run = settings.GATEWAY_URL === undefined ? await readRunFile(RUN_FILE) : undefined;
  const gatewayUrl = settings.GATEWAY_URL ?? run?.urls['api-gateway'] ?? DEFAULT_GATEWAY_URL;
  const asked = new OutcryClient({ gatewayUrl, retries: 1 }).config();
  const config = await asked.catch((error: unknown) => {
    const reason = error instanceof OutcryError ? error.problem.detail : errorText(error);
    throw new PlainError(
      `No gateway answers at ${gatewayUrl}: run \`npm start\` first, in another terminal. (${reason})`,
    );
  });
  if (config.auth.mode !== 'dev') {
    throw new PlainError(
      `The gateway at ${gatewayUrl} gives out no tokens for demo users (AUTH_MODE is not dev).`,
    );
  }
  return {
    gatewayUrl,
    historyUrl: run?.urls['archival-worker'] ?? config.historyUrl,
    databaseUrl: settings.DATABASE_URL ?? run?.urls['postgres'],
    webUrl: run?.urls['web'],
  };
}
