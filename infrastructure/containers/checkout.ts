/** A copy of the checkout, in which the docs' own lines are typed. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { ROOT, type Variables, variablesIn } from '../testing/secured-servers.ts';

const TEN_MINUTES_MS = 600_000;

export type Checkout = Awaited<ReturnType<typeof copyCheckout>>;

/** What a clone would have, with the changes that are not committed yet. */
export async function copyCheckout() {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-deployed-'));
  const sources = join(folder, 'outcry');
  await mkdir(sources);
  await mustRun('sh', [
    '-c',
    `cd "${ROOT}" && git ls-files -coz --exclude-standard | xargs -0 ls -d 2> /dev/null | tar c -T - | tar x -C "${sources}"`,
  ]);
  return {
    /** For what the test itself has to write. */
    folder,
    /** In that folder. */
    sources,
    /** Runs shell lines in the copy, as printed in the docs. @throws Error with the output */
    type(lines: string, env: NodeJS.ProcessEnv): Promise<string> {
      const options = { cwd: sources, env, withinMs: TEN_MINUTES_MS };
      return mustRun('bash', ['-euo', 'pipefail', '-c', lines], options);
    },
    /** The variables of a file that `make-secrets.mjs` wrote. */
    secrets: async (place: string, name: string): Promise<Variables> =>
      variablesIn(await readFile(join(sources, place, `${name}.env`), 'utf8')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
