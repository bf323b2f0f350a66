import { join } from 'node:path';
import { startGuarded } from './processes/guarded-process.ts';
import { logSize, logTail } from './processes/log-file.ts';
import { lastLines } from './processes/run-command.ts';

export interface ScriptOptions {
  /** The checkout, whose package.json has the script. */
  root: string;
  /** File that its output is appended to. */
  log: string;
  env?: NodeJS.ProcessEnv;
  /** Ends it early. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs a script of the root package.json to its end.
 *
 * @throws Error with the last lines of its output when it fails; the signal's reason
 */
export async function runScript(
  script: string,
  { root, log, env = {}, signal }: ScriptOptions,
): Promise<void> {
  const from = logSize(log);
  const npm = npmCommand();
  const child = await startGuarded({
    file: npm.file,
    args: [...npm.args, 'run', script],
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', ...env },
    log,
    signal,
    orphanSignal: 'SIGKILL',
  });
  const { code, signal: endedBy } = await child.exited;
  signal?.throwIfAborted();
  if (code === 0) return;
  throw new Error(
    `\`npm run ${script}\` failed (${endedBy ?? `code ${code}`}). The end of ${log}:\n` +
      lastLines(logTail(log, from), 20),
  );
}

// Started by npm, the same npm is used again, which need not be the one on PATH.
function npmCommand(): { file: string; args: string[] } {
  const running = process.env['npm_execpath'];
  return running?.endsWith(join('bin', 'npm-cli.js')) === true
    ? { file: process.execPath, args: [running] }
    : { file: 'npm', args: [] };
}
