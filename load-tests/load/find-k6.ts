/** Finds k6, or obtains it with Go. */
import { findProgram, goFolders } from '@outcry/local/programs/find-program.ts';
import { lastLines, runCommand } from '@outcry/local/processes/run-command.ts';
import { PlainError } from '../command-line.ts';

const VERSION = 'v1.8.1';
const MODULE = `go.k6.io/k6@${VERSION}`;
const INSTALL_WITHIN_MS = 10 * 60_000;
const ASK_WITHIN_MS = 20_000;

/** How a person gets k6. */
export const HOW_TO_GET_K6 = `k6 is not on PATH. Install it: \`go install ${MODULE}\` with a current Go, \
\`brew install k6\`, or a package from https://grafana.com/docs/k6/latest/set-up/install-k6/`;

/** There is no k6 and no way to get it here. */
export class NoK6Error extends PlainError {
  override readonly name = 'NoK6Error';
}

/** k6's path, from PATH or the folders of `go install`. */
export const findK6 = (): Promise<string | undefined> => findProgram(['k6'], goFolders());

/**
 * k6's path; where Go is and k6 is not, it is installed.
 * @throws NoK6Error that says how to install it
 */
export async function obtainK6(say: (line: string) => void): Promise<string> {
  const found = await findK6();
  if (found !== undefined) return found;
  const go = await findProgram(['go'], ['/usr/local/go/bin']);
  if (go === undefined) throw new NoK6Error(HOW_TO_GET_K6);
  say(`k6 is missing: go install ${MODULE}, which takes some minutes`);
  const { code, output } = await runCommand(go, ['install', MODULE], {
    withinMs: INSTALL_WITHIN_MS,
    env: process.env,
  });
  const installed = await findK6();
  if (code === 0 && installed !== undefined) return installed;
  throw new NoK6Error(`${HOW_TO_GET_K6}\n\`go install\` failed:\n${lastLines(output, 5)}`);
}

/** Such as `v1.8.1`. @throws Error when it does not run */
export async function k6Version(k6: string): Promise<string> {
  const { code, output } = await runCommand(k6, ['version'], { withinMs: ASK_WITHIN_MS });
  const version = /v\d+\.\d+\.\d+\S*/.exec(output)?.[0];
  if (code !== 0 || version === undefined) throw new Error(`${k6} does not run: ${output}`);
  return version;
}
