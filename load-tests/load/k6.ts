/** Runs scenarios with k6. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded } from '@outcry/local/processes/guarded-process.ts';
import { logTail } from '@outcry/local/processes/log-file.ts';
import { lastLines, runCommand } from '@outcry/local/processes/run-command.ts';
import { goFolders } from '@outcry/local/programs/find-program.ts';
import { needProgram } from '../command-line.ts';

const SCENARIOS = fileURLToPath(new URL('scenarios/', import.meta.url));
/** k6's exit code when all ran but a threshold was crossed. */
const THRESHOLDS_CROSSED = 99;

/** Its path. @throws PlainError that says how to get it */
export const findK6 = (): Promise<string> =>
  needProgram(
    'k6',
    'Install it: `go install go.k6.io/k6@v1.8.1` with a current Go, `brew install k6`, or a package from ' +
      'https://grafana.com/docs/k6/latest/set-up/install-k6/',
    goFolders(),
  );

/** Such as `v1.8.1`. */
export async function k6Version(): Promise<string> {
  const { output } = await runCommand(await findK6(), ['version'], { withinMs: 20_000 });
  return /v\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? 'unknown';
}

/**
 * Starts k6. @param scenario a file of `scenarios`, without its ending
 * @param folder holds `setup.json`; raw.csv.gz, k6.html and k6.log are written into it
 * @returns its process, and whether all thresholds were kept, once it has ended; that rejects with the end
 *   of k6's output when the scenario did not run, and with the signal's reason
 */
export async function startK6(scenario: string, folder: string, signal: AbortSignal) {
  const log = join(folder, 'k6.log');
  const quiet = 'run --quiet --no-color --no-usage-report --system-tags scenario --address';
  const page = `web-dashboard=port=-1&period=1s&export=${join(folder, 'k6.html')}`;
  const outputs = ['', '--out', `csv=${join(folder, 'raw.csv.gz')}`, '--out', page];
  const what = ['--env', `SETUP=${join(folder, 'setup.json')}`, join(SCENARIOS, `${scenario}.ts`)];
  const child = await startGuarded({
    file: await findK6(),
    args: [...quiet.split(' '), ...outputs, ...what],
    env: { ...process.env, K6_CSV_TIME_FORMAT: 'unix_milli' },
    log,
    signal,
    orphanSignal: 'SIGKILL',
  });
  const limitsKept = child.exited.then(({ code }) => {
    signal.throwIfAborted();
    if (code === 0 || code === THRESHOLDS_CROSSED) return code === 0;
    throw new Error(`k6 ended with code ${code}:\n${lastLines(logTail(log, 0), 20)}`);
  });
  return { pid: child.pid, limitsKept };
}
