/** Runs a scenario with k6. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded } from '@outcry/local/processes/guarded-process.ts';
import { logTail } from '@outcry/local/processes/log-file.ts';
import { lastLines } from '@outcry/local/processes/run-command.ts';

const SCENARIOS = fileURLToPath(new URL('scenarios/', import.meta.url));
/** A point of k6's own plots. */
const PERIOD = '1s';
/** k6's exit code when all ran but a threshold was crossed. */
const THRESHOLDS_CROSSED = 99;

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
  const child = await startGuarded({
    file: k6,
    args: [
      'run',
      '--quiet',
      '--no-color',
      '--no-usage-report',
      '--address',
      '',
      '--system-tags',
      'scenario',
      '--out',
      `csv=${join(folder, 'raw.csv.gz')}`,
      '--out',
      `web-dashboard=port=-1&period=${PERIOD}&export=${join(folder, 'k6.html')}`,
      '--env',
      `SETUP=${join(folder, 'setup.json')}`,
      join(SCENARIOS, `${scenario}.ts`),
    ],
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
