/** Debian 13 in a folder, for what this machine's own Debian has in older versions or not at all. */
import { chmod } from 'node:fs/promises';
import { mustRun, runCommand } from '@outcry/local/processes/run-command.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import { cached } from './cache-folder.ts';

const PACKAGES = 'ca-certificates,busybox,gettext-base,tini';
const MINUTES_MS = 600_000;

/** From where this machine's apt gets packages; Debian's own place where it gets none of Debian. */
export async function mirrors(): Promise<{ readonly main: string; readonly security: string }> {
  const { output } = await runCommand('apt-get', [
    'indextargets',
    '--format=$(ORIGIN) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  const debian = output.split('\n').filter((line) => line.startsWith('Debian '));
  const places = debian.map((line) => line.slice('Debian '.length));
  return {
    main: places.find((place) => place.endsWith('/debian/')) ?? 'http://deb.debian.org/debian/',
    security:
      places.find((place) => place.endsWith('-security/')) ??
      'http://deb.debian.org/debian-security/',
  };
}

/** @returns its folder @throws Error with the end of debootstrap's output when it fails */
export const obtainDebian = (): Promise<string> =>
  cached('debian-trixie', async (draft) => {
    // Accounts without rights read it, too.
    await chmod(draft, 0o755);
    const { main } = await mirrors();
    const what = ['--variant=minbase', `--include=${PACKAGES}`, 'trixie', draft, main];
    await mustRun(await obtainTool('debootstrap'), what, { withinMs: MINUTES_MS });
  });
