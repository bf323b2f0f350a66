/** Replays real auctions through the running system, all at once, by users who never give up. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { OutcryClientOptions } from '@outcry/client/services.ts';
import { readRunFile } from '@outcry/local/run-file.ts';
import { isRefusalCode, type RefusalCode } from '@outcry/shared/domain/refusals.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { untilNothing } from '../accounts/accounts.ts';
import {
  errorText,
  flag,
  number,
  optionsText,
  PlainError,
  readArguments,
} from '../command-line.ts';
import { clientOf, clientsOf } from '../crowd/people.ts';
import { ebayTerms, type EbayAuction, type timeScale } from '../data/ebay-auctions.ts';
import { ROOT } from '../system/system.ts';

const time = (about: string, least: number, most: number, usual: number) =>
  number(about, least, most, { broken: true }).default(usual);
const OPTIONS = {
  seconds: time('how long seven days take', 1, 86_400, 20),
  grace: time('seconds that every auction lasts longer, for bids sent again', 0, 3_600, 5),
  'archive-wait': time('seconds to wait for the archive at the end', 1, 3_600, 60),
  live: flag('simulates bidders on a few auctions instead'),
  minutes: time('how long --live goes on', 0.05, 1_440, 10),
};

export const DEMO_USAGE = `npm run demo              replays 314 real eBay auctions\n${optionsText(OPTIONS)}`;

/** @throws UsageError */
export const demoOptions = (args: readonly string[]) => readArguments(args, OPTIONS).values;

/** An auction that came to its end; one answer a bid, and where each accepted one stands. */
export type Replayed = Awaited<ReturnType<typeof replay>>;

export interface ReplayTools {
  readonly users: DemoUsers;
  readonly scale: ReturnType<typeof timeScale>;
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
  const runs: Promise<Replayed | undefined>[] = [];
  const start = (ebay: EbayAuction, opened: () => void): void => {
    progress.opened += 1;
    const run = replay(ebay, tools, opened)
      .catch((error: unknown) => {
        signal.throwIfAborted();
        stopped.push(`auction ${ebay.number}: stopped by ${errorText(error)}`);
        return undefined;
      })
      .finally(() => {
        progress.closed += 1;
        opened();
      });
    // Awaited below; until then a failure must not count as unnoticed.
    run.catch(() => undefined);
    runs.push(run);
  };
  await eachWithLimit(auctions, OPENED_AT_ONCE, (ebay) => {
    return new Promise<void>((opened) => start(ebay, opened));
  });
  const replayed = (await Promise.all(runs)).filter((each) => each !== undefined);
  return { replayed, stopped };
}

/**
 * Opens an auction, places its bids, each at its time and never before the one before has its answer, and
 * waits for the end. @param opened called once it runs
 * @throws Error when a bid or the end gets no answer for a minute
 */
async function replay(ebay: EbayAuction, tools: ReplayTools, opened: () => void) {
  const { users, scale, run, signal, progress } = tools;
  // Taken before the call: if its answer is lost, the auction may run from here on.
  const startedAt = performance.now();
  const request = ebayTerms(ebay, scale.durationSeconds(ebay.days));
  const creation = { idempotencyKey: `${run}-${ebay.number}-create` };
  const { id: auctionId } = await users.seller.createAuction(request, creation);
  opened();
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
  let final = await users.seller.auction(auctionId);
  const isOver = async () => {
    final = await users.seller.auction(auctionId);
    return final.status === 'ended' ? [] : [final];
  };
  await untilNothing(isOver, { withinMs: END_WAIT_MS, everyMs: END_CHECK_MS, signal });
  return { ebay, auctionId, answers, acceptedSeqs, final };
}

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
  { gatewayUrl, historyUrl }: Pick<OutcryClientOptions, 'gatewayUrl' | 'historyUrl'>,
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
      if (response && response.status < 500 && response.status !== 429) return response;
      await response?.body?.cancel();
      resent += 1;
      await pause(PAUSE_MS, undefined, { signal });
      init.signal?.throwIfAborted();
    }
  }
  const patience = { fetch: untilAnswered, timeoutMs: PATIENCE_MS, retries: 0 };
  const connection = { gatewayUrl, historyUrl, ...patience };
  return {
    seller: await clientOf(`${run}-seller`, ['seller'], connection),
    bidder: await clientsOf(bidders, (name) => clientOf(`${run}-${name}`, ['bidder'], connection)),
    resent: () => resent,
  };
}

const RUN_FILE = join(ROOT, '.local', 'run.json');
const DEFAULT_GATEWAY_URL = 'http://127.0.0.1:8080';

/**
 * The system that the environment names (GATEWAY_URL, DATABASE_URL), or the one that `npm start` runs here.
 * @returns where it is; without `databaseUrl` only the history API is asked
 * @throws PlainError when nothing answers, or it gives out no tokens for demo users
 */
export async function findSystem() {
  const { GATEWAY_URL: named = '', DATABASE_URL: databaseUrl = '' } = process.env;
  const run = named === '' ? await readRunFile(RUN_FILE) : undefined;
  const gatewayUrl = named || (run?.urls['api-gateway'] ?? DEFAULT_GATEWAY_URL);
  const asked = new OutcryClient({ gatewayUrl, retries: 1 }).config();
  const config = await asked.catch((error: unknown) => {
    const reason = error instanceof OutcryError ? error.problem.detail : errorText(error);
    const how = 'run `npm start` first, in another terminal';
    throw new PlainError(`No gateway answers at ${gatewayUrl}: ${how}. (${reason})`);
  });
  if (config.auth.mode !== 'dev') {
    const how = 'gives out no tokens for demo users (AUTH_MODE is not dev)';
    throw new PlainError(`The gateway at ${gatewayUrl} ${how}.`);
  }
  return {
    gatewayUrl,
    historyUrl: run?.urls['archival-worker'] ?? config.historyUrl,
    databaseUrl: databaseUrl || run?.urls['postgres'],
    webUrl: run?.urls['web'],
  };
}
