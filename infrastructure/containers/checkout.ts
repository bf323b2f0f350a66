/** A copy of the checkout, in which the docs' own lines are typed. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { mustRun, ROOT, type Variables } from '../testing/secured-servers.ts';

const TEN_MINUTES_MS = 600_000;

export interface Checkout {
  /** For what the test itself has to write. */
  readonly folder: string;
  /** In that folder. */
  readonly sources: string;
  /** Runs shell lines in the copy, as printed in the docs. @throws Error with the output */
  type(lines: string, env: NodeJS.ProcessEnv): Promise<string>;
  /** The variables of a file that `make-secrets.mjs` wrote. */
  secrets(place: string, name: string): Promise<Variables>;
  remove(): Promise<void>;
}

/** What a clone would have, with the changes that are not committed yet. */
export async function copyCheckout(): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-deployed-'));
  const sources = join(folder, 'outcry');
  await mkdir(sources);
  await mustRun('sh', [
    '-c',
    `cd "${ROOT}" && git ls-files -coz --exclude-standard | xargs -0 ls -d 2> /dev/null | tar c -T - | tar x -C "${sources}"`,
  ]);
  return {
    folder,
    sources,
    type: async (lines, env) => {
      const { code, output } = await runCommand('bash', ['-euo', 'pipefail', '-c', lines], {
        cwd: sources,
        env,
        withinMs: TEN_MINUTES_MS,
      });
      if (code !== 0) throw new Error(`failed with ${code}:\n${lines}\n${output.slice(-4_000)}`);
      return output;
    },
    secrets: async (place, name) => {
      const text = await readFile(join(sources, place, `${name}.env`), 'utf8');
      return Object.fromEntries(text.trim().split('\n').map(splitAtEquals));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function splitAtEquals(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}
