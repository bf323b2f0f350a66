import { stat } from 'node:fs/promises';
import { runCommand } from '../processes/run-command.ts';

/** An account of the operating system, by numbers. */
export interface Account {
  uid: number;
  gid: number;
}

const OWN_ACCOUNT = 'outcry-postgres';

/**
 * The account that Postgres must run as: it refuses to run as root. That is the owner of the data
 * where there is some, else the first of `postgres` and `nobody` that exists, else a new one.
 *
 * @param cluster Postgres's data folder, which may not exist yet
 * @returns `undefined` when this process is not root and Postgres simply runs as the same user
 * @throws Error when no account exists and none can be created
 */
export async function postgresAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(cluster).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of ['postgres', 'nobody', OWN_ACCOUNT]) {
    const account = await lookUp(name);
    if (account !== undefined) return account;
  }
  await runCommand('useradd', ['--system', '--user-group', OWN_ACCOUNT]);
  const created = await lookUp(OWN_ACCOUNT);
  if (created !== undefined) return created;
  throw new Error(
    'Postgres refuses to run as root, and there is no account to run it as. ' +
      'Create one (useradd --system postgres) or start as an ordinary user.',
  );
}

async function lookUp(name: string): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => runCommand('id', [flag, name])));
  if (uid?.code !== 0 || gid?.code !== 0) return undefined;
  return { uid: Number(uid.output), gid: Number(gid.output) };
}
