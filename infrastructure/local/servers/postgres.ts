import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import connect from 'postgres';
import { obtainPostgres, type Program } from '../programs/programs.ts';
import { inContainer } from './container.ts';
import { createDatabase, hasDatabase } from './databases.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { postgresAccount } from './postgres-account.ts';
import { asAccount, type Cluster, prepareCluster } from './postgres-cluster.ts';
import { reachableFolder } from './reachable-folder.ts';
import { reachablePostgres } from './reachable-postgres.ts';
import { type ServerRecipe, startOnPort } from './run-server.ts';
import { shippedSettings } from './shipped-settings.ts';

type ContainerProgram = Extract<Program, { kind: 'container' }>;

export interface PostgresOptions extends ServerOptions {
  /** `false`: no fsync, for tests that never kill it (default `true`). */
  durable?: boolean;
  /** Further settings, such as `{ max_connections: '500' }`. */
  settings?: Readonly<Record<string, string>>;
}

/**
 * Starts a Postgres that listens on 127.0.0.1 only and asks for no password; resolves when it
 * answers a query. Its `url` names the database `outcry`, which is created with the cluster.
 *
 * As root, its data may be elsewhere than in `dataDir`, which then holds a link: see
 * `reachable-folder.ts`.
 *
 * @throws PortTakenError; Error when Postgres cannot be obtained or does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const program = options.program ?? (await obtainPostgres(options.say));
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  const server =
    program.kind === 'file'
      ? await startHere(program.path, dataDir, options)
      : await startInContainer(program, dataDir, options);
  if (!(await hasDatabase(server, 'outcry'))) await createDatabase(server, 'outcry');
  return server;
}

async function startHere(
  program: string,
  dataDir: string,
  options: PostgresOptions,
): Promise<LocalServer> {
  const wanted = join(dataDir, 'server');
  const account = await postgresAccount(join(wanted, 'cluster'));
  const place = account === undefined ? wanted : await reachableFolder(wanted, account);
  const cluster: Cluster = {
    folder: join(place, 'cluster'),
    program: account === undefined ? program : await reachablePostgres(program, account),
    account,
    durable: options.durable ?? true,
  };
  await mkdir(dirname(cluster.folder), { recursive: true });
  await prepareCluster(cluster);
  return startOnPort(options.port, (port) => ({
    ...common(dataDir, port, options),
    process: {
      file: cluster.program,
      args: [
        '-D',
        cluster.folder,
        ...settingArgs(port, {
          ...options,
          settings: {
            listen_addresses: '127.0.0.1',
            unix_socket_directories: '',
            ...options.settings,
          },
        }),
      ],
      ...asAccount(account),
      // At once, without waiting for clients; a SIGKILL would leave its children running.
      orphanSignal: 'SIGQUIT' as const,
    },
    answers: () => answers(port, cluster.folder),
    // Its children outlive a SIGKILL by a moment.
    passingFailure: /pre-existing shared memory block/,
  }));
}

async function startInContainer(
  program: ContainerProgram,
  dataDir: string,
  options: PostgresOptions,
): Promise<LocalServer> {
  // Docker would create it as root.
  await mkdir(join(dataDir, 'server'), { recursive: true });
  return startOnPort(options.port, (port) => ({
    ...common(dataDir, port, options),
    ...inContainer(program, 'postgres', dataDir, port, {
      mounts: { [join(dataDir, 'server')]: '/var/lib/postgresql/data' },
      env: {
        POSTGRES_USER: 'outcry',
        POSTGRES_HOST_AUTH_METHOD: 'trust',
        PGDATA: '/var/lib/postgresql/data/cluster',
      },
      // Docker's default of 64 MB is too little for parallel queries.
      options: ['--shm-size', '256m'],
      args: ['postgres', ...settingArgs(port, options)],
    }),
    answers: () => answers(port, undefined),
  }));
}

function common(
  dataDir: string,
  port: number,
  { log }: PostgresOptions,
): Pick<ServerRecipe, 'name' | 'url' | 'port' | 'log' | 'stopSignal'> {
  return {
    name: 'postgres',
    url: `postgres://outcry@127.0.0.1:${port}/outcry`,
    port,
    log: log ?? join(dataDir, 'postgres.log'),
    // "Fast": ends open transactions instead of waiting for their clients.
    stopSignal: 'SIGINT',
  };
}

function settingArgs(port: number, { durable = true, settings = {} }: PostgresOptions): string[] {
  const all: Record<string, string> = {
    ...shippedSettings('postgres'),
    port: String(port),
    ...(!durable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

// `folder` tells this server from another one on the same port.
async function answers(port: number, folder: string | undefined): Promise<boolean> {
  const sql = connect(`postgres://outcry@127.0.0.1:${port}/postgres`, {
    max: 1,
    connect_timeout: 2,
    onnotice: () => {},
  });
  try {
    const [row] = await sql<{ folder: string }[]>`
      select current_setting('data_directory') as folder`;
    return folder === undefined || row?.folder === folder;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
