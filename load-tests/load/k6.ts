/** Finds k6, or obtains it with Go, and runs scenarios with it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded } from '@outcry/local/processes/guarded-process.ts';
import { logTail } from '@outcry/local/processes/log-file.ts';
import { lastLines, runCommand } from '@outcry/local/processes/run-command.ts';
import { findProgram, goFolders } from '@outcry/local/programs/find-program.ts';
import { PlainError } from '../command-line.ts';

const MODULE = 'go.k6.io/k6@v1.8.1';
const INSTALL_WITHIN_MS = 10 * 60_000;
const SCENARIOS = fileURLToPath(new URL('scenarios/', import.meta.url));
/** k6's exit code when all ran but a threshold was crossed. */
const THRESHOLDS_CROSSED = 99;

/** How a person gets k6. */
export const HOW_TO_GET_K6 = `k6 is not on PATH. Install it: \`go install ${MODULE}\` with a current Go, \
\`brew install k6\`, or a package from https://grafana.com/docs/k6/latest/set-up/install-k6/`;

/** k6's path, from PATH or the folders of `go install`. */
export const findK6 = (): Promise<string | undefined> => findProgram(['k6'], goFolders());

/** k6's path; where Go is and k6 is not, it is installed. @throws PlainError that says how to do it */
export async function obtainK6(say: (line: string) => void): Promise<string> {
  const found = await findK6();
  if (found !== undefined) return found;
  const go = await findProgram(['go'], ['/usr/local/go/bin']);
  if (go === undefined) throw new PlainError(HOW_TO_GET_K6);
  say(`k6 is missing: go install ${MODULE}, which takes some minutes`);
  const limit = { withinMs: INSTALL_WITHIN_MS, env: process.env };
  const { output } = await runCommand(go, ['install', MODULE], limit);
  const installed = await findK6();
  if (installed !== undefined) return installed;
  throw new PlainError(`${HOW_TO_GET_K6}\n\`go install\` failed:\n${lastLines(output, 5)}`);
}

/** Such as `v1.8.1`. */
export async function k6Version(k6: string): Promise<string> {
  const { output } = await runCommand(k6, ['version'], { withinMs: 20_000 });
  return /v\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? 'unknown';
}

export interface K6Run {
  /** The program. */
  readonly k6: string;
  /** A file of `scenarios`, without its ending. */
  readonly scenario: string;
  /** Holds `setup.json`; raw.csv.gz, k6.html and k6.log are written into it. */
  readonly folder: string;
  /** Called with the number of k6's process. */
  readonly started: (pid: number) => void;
  readonly signal: AbortSignal;
}

/**
 * @returns whether all thresholds were kept
 * @throws Error with the end of k6's output when the scenario did not run; the signal's reason
 */
export async function runK6({ k6, scenario, folder, started, signal }: K6Run): Promise<boolean> {
  signal.throwIfAborted();
  const log = join(folder, 'k6.log');
  const quiet = 'run --quiet --no-color --no-usage-report --system-tags scenario --address';
  const page = `web-dashboard=port=-1&period=1s&export=${join(folder, 'k6.html')}`;
  const outputs = ['', '--out', `csv=${join(folder, 'raw.csv.gz')}`, '--out', page];
  const what = ['--env', `SETUP=${join(folder, 'setup.json')}`, join(SCENARIOS, `${scenario}.ts`)];
  const child = await startGuarded({
    file: k6,
    args: [...quiet.split(' '), ...outputs, ...what],
    env: { ...process.env, K6_CSV_TIME_FORMAT: 'unix_milli' },
    log,
    orphanSignal: 'SIGKILL',
  });
  started(child.pid);
  const abort = (): void => void child.kill();
  signal.addEventListener('abort', abort, { once: true });
  const { code } = await child.exited;
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  if (code === 0 || code === THRESHOLDS_CROSSED) return code === 0;
  throw new Error(`k6 ended with code ${code}:\n${lastLines(logTail(log, 0), 20)}`);
}
