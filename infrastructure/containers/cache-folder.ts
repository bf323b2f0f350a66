/** Where what takes minutes to make stays between runs: images, programs, a Debian. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Outside the checkout; `rm -r` of it is safe while no test runs. */
export const CACHE_FOLDER = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'outcry/containers',
);
