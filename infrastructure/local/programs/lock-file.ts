import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isSameProcess, processIdentity } from '../processes/process-table.ts';
import { waitUntil } from '../processes/wait-until.ts';

/**
 * Runs `work` while no other process of this machine runs work under the same lock file. The lock
 * of a process that died is taken over.
 *
 * @param withinMs how long to wait for the others
 * @throws Error when the lock does not become free in time; whatever `work` throws
 */
export async function withLock<T>(
  file: string,
  withinMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const own = `${processIdentity(process.pid) ?? process.pid} ${randomUUID()}`;
  const draft = `${file}.${randomUUID()}`;
  // Written beside and then linked: the lock file never exists without its owner's number.
  await writeFile(draft, own);
  try {
    await waitUntil(() => tryToTake(file, draft), {
      withinMs,
      everyMs: 100,
      what: `the release of the lock ${file}`,
    });
  } finally {
    await rm(draft, { force: true });
  }
  try {
    return await work();
  } finally {
    if ((await read(file)) === own) await rm(file, { force: true });
  }
}

async function tryToTake(file: string, draft: string): Promise<boolean> {
  if (await tryToLink(draft, file)) return true;
  const owner = await read(file);
  if (owner === undefined || isSameProcess(owner.slice(0, owner.lastIndexOf(' ')))) return false;
  // The owner died. Another process may notice it at the same time, take the lock over and hold
  // it by the time of this rename: then what was moved away is not what was read, and goes back.
  const moved = `${draft}.stale`;
  try {
    await rename(file, moved);
  } catch {
    return false;
  }
  if ((await read(moved)) !== owner) await tryToLink(moved, file);
  await rm(moved, { force: true });
  return tryToLink(draft, file);
}

async function tryToLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

const read = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch(() => undefined);
