/** wrk (github.com/wg/wrk), which makes the load of HTTP: a numbered sequence of POSTs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { PlainError } from '../../command-line.ts';
import { runGenerator, type CallOptions, type LoadResult } from './run-generator.ts';

/** What is sent; wrk-requests.lua makes the requests of it. */
export interface RequestPlan {
  /** Where to: an address without a path, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Request n goes to path n modulo their number. */
  readonly paths: readonly string[];
  /** Request n is sent by bearer token n modulo their number. */
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

const REQUESTS = fileURLToPath(new URL('./wrk-requests.lua', import.meta.url));
const ANSWER_LIMIT = '5s';

/**
 * Keeps every connection busy with one request at a time.
 *
 * @param firstRequest its number: rounds go on where the last one ended
 * @throws PlainError without wrk; Error when it cannot connect
 */
export async function runWrk(
  plan: RequestPlan,
  { connections, seconds, signal }: CallOptions,
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
    const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', ANSWER_LIMIT];
    const what = ['--script', REQUESTS, plan.origin, '--', file, `${firstRequest}`];
    return await runGenerator(wrk, [...load, ...what], signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The plan as lines of `name value`: wrk's Lua knows no JSON. */
const planLines = (plan: RequestPlan): string =>
  [
    `host ${new URL(plan.origin).host}`,
    `member ${plan.member}`,
    `first_amount ${plan.firstAmount}`,
    `amount_step ${plan.amountStep}`,
    `key_prefix ${plan.keyPrefix}`,
    `per_second ${plan.perSecond ?? ''}`,
    ...plan.paths.map((path) => `path ${path}`),
    ...plan.tokens.map((token) => `token ${token}`),
    '',
  ].join('\n');
