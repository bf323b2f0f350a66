import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, runCommand } from '../processes/run-command.ts';
import { findProgram } from './find-program.ts';
import { withLock } from './lock-file.ts';
import { withoutDaemonStarts } from './policy-rc.ts';

/** What a program is called by the package managers. */
export interface Package {
  apt: string;
  brew?: string;
}

const TEN_MINUTES_MS = 600_000;
let listsAreFresh = false;

/**
 * Installs a program with the system's package manager: apt-get as root, or brew.
 *
 * @param find looks for the program; asked again once other processes have finished installing
 * @param say receives a progress line
 * @returns the program's path; `undefined` when there is no package manager this user may use
 * @throws Error with the last lines of the package manager's output when it fails
 */
export async function installPackage(
  { apt, brew }: Package,
  find: () => Promise<string | undefined>,
  say: (line: string) => void,
): Promise<string | undefined> {
  const aptGet = process.getuid?.() === 0 ? await findProgram(['apt-get']) : undefined;
  const brewProgram = brew === undefined ? undefined : await findProgram(['brew']);
  if (aptGet === undefined && brewProgram === undefined) return undefined;
  return withLock(join(tmpdir(), 'outcry-install.lock'), TEN_MINUTES_MS, async () => {
    const installedMeanwhile = await find();
    if (installedMeanwhile !== undefined) return installedMeanwhile;
    if (aptGet !== undefined) {
      say(`installing the package ${apt} with apt-get`);
      await installWithApt(aptGet, apt);
    } else if (brewProgram !== undefined && brew !== undefined) {
      say(`installing ${brew} with brew`);
      await mustRun(brewProgram, ['install', '--quiet', brew], { withinMs: TEN_MINUTES_MS });
    }
    return find();
  });
}

async function installWithApt(aptGet: string, name: string): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const options = { env, withinMs: TEN_MINUTES_MS };
  // Wait when the system's own updates hold the package database.
  const patience = ['-o', 'DPkg::Lock::Timeout=300'];
  if (!listsAreFresh) {
    // One broken source among several must not stop an installation that does not need it.
    const { code } = await runCommand(aptGet, [...patience, '-q', 'update'], options);
    listsAreFresh = code === 0;
  }
  const install = ['install', '-q', '-y', '--no-install-recommends', name];
  await withoutDaemonStarts(() => mustRun(aptGet, [...patience, ...install], options));
}
