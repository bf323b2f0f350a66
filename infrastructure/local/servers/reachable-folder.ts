import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readlink, realpath, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import type { Account } from './postgres-account.ts';

/** Root's own place for what another account must reach. It survives a reboot, unlike /tmp. */
export const SHARED_FOLDER = '/var/lib/outcry';

/**
 * Makes sure that an account can get to a folder: to `folder` itself where all folders above let
 * it pass, else to one below /var/lib/outcry, which `folder` then is a symbolic link to. A
 * checkout below /root needs that: nobody but root may enter /root.
 *
 * @param folder the wanted folder; its parent exists
 * @returns the real path of the folder, created when missing
 * @throws Error when the folder is there but the account cannot get to it
 */
export async function reachableFolder(folder: string, account: Account): Promise<string> {
  const existing = await realpath(folder).catch(() => undefined);
  if (existing !== undefined) {
    const [closed] = await closedFor(account, existing);
    if (closed === undefined) return existing;
    throw new Error(
      `The account ${account.uid}, which Postgres runs as, may not enter ${closed}. ` +
        `Move ${existing} away, or start as its owner.`,
    );
  }
  const wanted = join(await realpath(dirname(folder)), basename(folder));
  const closed = await closedFor(account, dirname(wanted));
  const own = await Promise.all(closed.map(isOwnTemporaryFolder));
  if (own.every(Boolean)) {
    // A test's folder of mode 0700: let others pass through it, not list it.
    for (const path of closed) await chmod(path, 0o711);
    return makePassable(wanted);
  }
  return createElsewhere(wanted);
}

/** Those of `folder` and the folders above it that an account may not enter, lowest first. */
export async function closedFor({ uid, gid }: Account, folder: string): Promise<string[]> {
  const closed: string[] = [];
  for (let path = folder; ; path = dirname(path)) {
    const entry = await stat(path);
    const others = entry.gid === gid ? 0o010 : 0o001;
    const pass = entry.uid === uid ? 0o100 : others;
    if ((entry.mode & pass) === 0) closed.push(path);
    if (path === dirname(path)) return closed;
  }
}

async function createElsewhere(wanted: string): Promise<string> {
  await removeLeftOvers();
  const place = join(SHARED_FOLDER, createHash('sha256').update(wanted).digest('hex').slice(0, 16));
  const data = join(place, 'data');
  // The link comes before the note of its origin, since a note without its link is a left-over.
  await rm(wanted, { force: true });
  await symlink(data, wanted);
  await mkdir(place, { recursive: true });
  await Promise.all([chmod(SHARED_FOLDER, 0o755), chmod(place, 0o755)]);
  await rm(join(place, 'origin'), { force: true });
  await symlink(wanted, join(place, 'origin'));
  return makePassable(data);
}

// Whatever the umask is, which may forbid others everything.
async function makePassable(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  return folder;
}

// Tests delete their temporary folders, and with them only the link to the data. Other origins
// are left alone: they may be on a disk that is not mounted now.
async function removeLeftOvers(): Promise<void> {
  const temporary = await realpath(tmpdir());
  for (const name of await readdir(SHARED_FOLDER).catch(() => [])) {
    const place = join(SHARED_FOLDER, name);
    const origin = await readlink(join(place, 'origin')).catch(() => undefined);
    if (origin === undefined || !origin.startsWith(temporary + sep)) continue;
    const target = await readlink(origin).catch(() => undefined);
    if (target !== join(place, 'data')) await rm(place, { recursive: true, force: true });
  }
}

async function isOwnTemporaryFolder(path: string): Promise<boolean> {
  const temporary = await realpath(tmpdir());
  return path.startsWith(temporary + sep) && (await stat(path)).uid === process.getuid?.();
}
