import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lastLines, runCommand } from '../processes/run-command.ts';
import type { Account } from './postgres-account.ts';

export interface Cluster {
  /** Real path of Postgres's data folder; missing when there is no cluster yet. */
  folder: string;
  /** Path of the `postgres` program, with `initdb` beside it. */
  program: string;
  /** Whom to run as; `undefined`: as this process. */
  account: Account | undefined;
  /** Whether files are fsynced. */
  durable: boolean;
}

/**
 * Creates the cluster where there is none, owned by the user `outcry`, who needs no password.
 *
 * @throws Error when `initdb` fails, or when the data belongs to another major version of Postgres
 */
export async function prepareCluster(cluster: Cluster): Promise<void> {
  const { folder, program } = cluster;
  const { code, output } = await runCommand(program, ['--version'], asAccount(cluster.account));
  if (code !== 0) throw new Error(`${program} cannot run here: ${output.trim()}`);
  const version = Number(/(\d+)/.exec(output)?.[1]);
  const written = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (written === undefined) {
    await create(cluster, version);
  } else if (Number(written) !== version) {
    throw new Error(
      `The data in ${folder} was written by Postgres ${written.trim()}, but ${program} is ` +
        `version ${version}. Install Postgres ${written.trim()}, or delete the folder to start anew.`,
    );
  }
}

/** Options that run a command as an account, in a folder that everyone may enter. */
export function asAccount(account: Account | undefined): {
  cwd: string;
  env: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
} {
  // PGDATA, PGPORT and the like are meant for another server than this one.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { cwd: '/', env: { ...Object.fromEntries(kept), LC_ALL: 'C' }, ...account };
}

async function create(cluster: Cluster, version: number): Promise<void> {
  const { folder, program, account, durable } = cluster;
  // `initdb` that is killed leaves half a cluster, so it works beside and the result is moved.
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  if (account !== undefined) await chown(draft, account.uid, account.gid);
  const { code, output } = await runCommand(
    join(dirname(program), 'initdb'),
    [
      `--pgdata=${draft}`,
      '--username=outcry',
      '--auth=trust',
      '--encoding=UTF8',
      '--no-instructions',
      ...localeOptions(version),
      ...(durable ? [] : ['--no-sync']),
    ],
    { ...asAccount(account), withinMs: 120_000 },
  );
  if (code !== 0) throw new Error(`initdb failed with code ${code}:\n${lastLines(output, 8)}`);
  await rename(draft, folder);
}

// Letters beyond ASCII have upper and lower case, and the order is the same on every machine.
function localeOptions(version: number): string[] {
  if (version >= 17) {
    return ['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  }
  const ctype = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8';
  return ['--locale=C', `--lc-ctype=${ctype}`];
}
