/** What makes load, and the figures that it gives. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { needProgram } from '../command-line.ts';
import { openWindow, type Parts } from '../system/machine.ts';
import type { RoundFigures, RoundOptions } from './rounds.ts';

const execute = promisify(execFile);
const REQUESTS = fileURLToPath(new URL('./wrk-requests.lua', import.meta.url));

/** What came of a run. */
export interface LoadResult {
  /** Complete answers. */
  readonly answered: number;
  /** Those of status 400 and up. */
  readonly refused: number;
  /** Connections that failed, broke or got no answer in time. */
  readonly broken: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs a program to its end. @returns the last line of its output @throws AbortError */
export async function runGenerator(file: string, args: readonly string[], signal: AbortSignal) {
  const { stdout } = await execute(file, args, { signal, killSignal: 'SIGKILL' });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

/** Keeps so many calls of this process under way. @param call gives how many it counts */
export async function keepCalling(
  call: () => Promise<number>,
  { connections, seconds, signal }: RoundOptions,
): Promise<LoadResult> {
  const latencyUs = createHistogram();
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1000;
  let answered = 0;
  const calling = Array.from({ length: connections }, async () => {
    while (performance.now() < endAt) {
      signal.throwIfAborted();
      const sentAt = performance.now();
      const more = await call();
      answered += more;
      latencyUs.record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
    }
  });
  await Promise.all(calling);
  const ms = (share: number): number => latencyUs.percentile(share) / 1000;
  const took = { seconds: (performance.now() - startedAt) / 1000, p50Ms: ms(50), p99Ms: ms(99) };
  return { answered, refused: 0, broken: 0, ...took };
}

/**
 * What wrk (github.com/wg/wrk) sends: numbered POSTs; wrk-requests.lua makes the requests of it. Request n
 * goes to path n modulo their number, and is sent by the bearer token n modulo theirs.
 */
export interface RequestPlan {
  /** Where to: an address without a path, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly paths: readonly string[];
  readonly tokens: readonly string[];
  /** The member of the body that carries the amount. */
  readonly member: 'amount' | 'maxAmount';
  readonly firstAmount: number;
  /** What the amount rises by with each pass over all paths. */
  readonly amountStep: number;
  /** Each request has an `Idempotency-Key` of this text and its number; '' for none. */
  readonly keyPrefix: string;
  /** So many requests, evenly spread, or as many as are answered where those are fewer; default all. */
  readonly perSecond?: number;
}

/**
 * Keeps every connection busy with one request at a time.
 *
 * @param firstRequest its number: rounds go on where the last one ended
 * @throws PlainError without wrk; Error when it cannot connect
 */
export async function runWrk(
  plan: RequestPlan,
  { connections, seconds, signal }: RoundOptions,
  firstRequest: number,
): Promise<LoadResult> {
  const wrk = await needProgram('wrk', 'Install it: `apt install wrk` or `brew install wrk`');
  const folder = await mkdtemp(join(tmpdir(), 'outcry-bench-'));
  try {
    const file = join(folder, 'plan.txt');
    await writeFile(file, planLines(plan));
    const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s'];
    const what = ['--script', REQUESTS, plan.origin, '--', file, `${firstRequest}`];
    return ownJson<LoadResult>(await runGenerator(wrk, [...load, ...what], signal));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The plan as lines of `name value`: wrk's Lua knows no JSON. */
const planLines = (plan: RequestPlan): string =>
  Object.entries({ host: new URL(plan.origin).host, ...plan })
    .flatMap(([name, value]) => [value].flat().map((each) => `${name} ${each}\n`))
    .join('');

type LoadRound = Awaited<ReturnType<typeof roundOf>>;

/**
 * Loads the processes and reads what all programs used meanwhile.
 * @throws Error when connections broke, because then the figures mean nothing
 */
export async function roundOf(parts: Parts, load: () => Promise<LoadResult>) {
  const close = openWindow(parts);
  const result = await load();
  const { cores } = close(result.seconds);
  if (result.broken > 0) throw new Error(`${result.broken} connections broke or timed out`);
  return { result, cores };
}

/**
 * Sends the requests of some plans side by side, each on its share of the connections; a round goes
 * on where the last one ended.
 */
export function plannedLoad(plans: readonly RequestPlan[], parts: Parts) {
  let firstRequest = 0;
  return async (options: RoundOptions): Promise<LoadRound> => {
    const share = { ...options, connections: Math.ceil(options.connections / plans.length) };
    const runs = () => plans.map((plan) => runWrk(plan, share, firstRequest));
    const round = await roundOf(parts, async () => together(await Promise.all(runs())));
    // Requests that were under way at the end were sent too; no amount comes twice.
    firstRequest += round.result.answered + options.connections + 1;
    return round;
  };
}

/** Sums; of times the longest. */
const together = (results: readonly LoadResult[]): LoadResult =>
  results.reduce((all, each) => ({
    answered: all.answered + each.answered,
    refused: all.refused + each.refused,
    broken: all.broken + each.broken,
    seconds: Math.max(all.seconds, each.seconds),
    p50Ms: Math.max(all.p50Ms, each.p50Ms),
    p99Ms: Math.max(all.p99Ms, each.p99Ms),
  }));

/** Figures where `counted` of the answers are what is measured. @param more further figures */
export const figuresOf = (
  { result, cores }: LoadRound,
  counted: number,
  more: Readonly<Record<string, number>> = {},
): RoundFigures => ({
  perSecond: counted / result.seconds,
  cores,
  figures: {
    'p50 ms': result.p50Ms,
    'p99 ms': result.p99Ms,
    'other answers, %': (100 * (result.answered - counted)) / Math.max(1, result.answered),
    ...more,
  },
});
