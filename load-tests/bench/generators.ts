/** Processes that make load, and the figures that each writes as the last line of its output. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { PlainError } from '../command-line.ts';
import { openWindow, type Parts } from '../system/machine.ts';
import { typescriptArguments } from '../system/system.ts';
import type { RoundFigures, RoundOptions } from './rounds.ts';

const execute = promisify(execFile);
const CALLER = new URL('./processes/caller.ts', import.meta.url);
const REQUESTS = fileURLToPath(new URL('./wrk-requests.lua', import.meta.url));

/** What came of a run. */
const loadResult = z.object({
  /** Complete answers. */
  answered: z.number(),
  /** Those of status 400 and up. */
  refused: z.number(),
  /** Connections that failed, broke or got no answer in time. */
  broken: z.number(),
  seconds: z.number().positive(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});
export type LoadResult = Readonly<z.infer<typeof loadResult>>;

/** Runs a program to its end. @throws Error without figures; AbortError */
async function runGenerator(file: string, args: readonly string[], signal: AbortSignal) {
  const { stdout } = await execute(file, args, { signal, killSignal: 'SIGKILL' });
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  return loadResult.parse(JSON.parse(line));
}

/** Calls the script or publishes, see processes/caller.ts. */
export const runCaller = (
  args: readonly string[],
  { connections, seconds, signal }: RoundOptions,
): Promise<LoadResult> => {
  const own = [...typescriptArguments(CALLER), `${connections}`, `${seconds}`, ...args];
  return runGenerator(process.execPath, own, signal);
};

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
  const wrk = await findProgram(['wrk']);
  if (wrk === undefined) {
    throw new PlainError('wrk is not on PATH. Install it: `apt install wrk` or `brew install wrk`');
  }
  const folder = await mkdtemp(join(tmpdir(), 'outcry-bench-'));
  try {
    const file = join(folder, 'plan.txt');
    await writeFile(file, planLines(plan));
    const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s'];
    const what = ['--script', REQUESTS, plan.origin, '--', file, `${firstRequest}`];
    return await runGenerator(wrk, [...load, ...what], signal);
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
