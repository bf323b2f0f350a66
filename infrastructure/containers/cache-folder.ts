/** Where what takes minutes to make stays between runs: images, programs, a Debian. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Outside the checkout; `rm -r` of it is safe while no test runs. */
export const CACHE_FOLDER = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'outcry/containers',
);

/** A folder of the cache; made beside it and moved, since half of it is nothing. */
export async function cached(
  name: string,
  make: (draft: string) => Promise<unknown>,
): Promise<string> {
  const folder = join(CACHE_FOLDER, name);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    await make(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return folder;
}
