/** Starts a service as its image does: from the image's files alone, by an account that owns none. */
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeService, waitUntilReady } from '@outcry/local/node-service.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { mustRun } from '@outcry/local/processes/run-command.ts';
import { ROOT, type Variables } from './secured-servers.ts';

/** As long as Kubernetes and Compose wait after SIGTERM (`terminationGracePeriodSeconds`). */
export const GRACE_MS = 30_000;

const NOBODY = 65_534;

/** Whom services run as: as root somebody else, so that the files are not theirs. */
export const serviceAccount: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/**
 * Puts the files of an image into a new folder and takes all rights to write away.
 * @returns the folder
 */
export async function unpackImage(image: string, parent: string): Promise<string> {
  const folder = join(parent, image);
  await mustRun(process.execPath, [
    '--import',
    import.meta.resolve('tsx'),
    join(ROOT, 'infrastructure/build/image-files.ts'),
    image,
    folder,
  ]);
  for (const path of await pathsIn(folder)) {
    const mode = (await lstat(path)).mode;
    await chmod(path, (mode & 0o555) | 0o444 | (mode & 0o100 ? 0o111 : 0));
  }
  await chmod(folder, 0o555);
  return folder;
}

/** Every file and folder below a folder, sorted. */
export async function pathsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.map((name) => join(folder, name)).toSorted();
}

/** What a service of a container gets: nothing of this process's environment. */
export async function containerEnvironment(
  parent: string,
  variables: Variables,
): Promise<Record<string, string>> {
  const temporary = join(parent, 'tmp');
  await mkdir(temporary, { recursive: true });
  await chmod(temporary, 0o1777);
  return { NODE_ENV: 'production', TMPDIR: temporary, ...variables };
}

export type ImageService = Awaited<ReturnType<typeof startImageService>>;

/** Starts a program of the image in its folder and waits until it is ready for traffic. */
export async function startImageService(
  name: string,
  folder: string,
  parent: string,
  variables: Variables,
  program = 'main.js',
) {
  const port = await freePort();
  const log = join(parent, `${name}-${port}.log`);
  const environment = await containerEnvironment(parent, {
    ...variables,
    HOST: '127.0.0.1',
    PORT: `${port}`,
  });
  const server = createNodeService({
    name,
    args: [program],
    cwd: folder,
    env: environment,
    port,
    log,
    account: serviceAccount,
    stopWithinMs: GRACE_MS,
  });
  await server.start();
  try {
    await waitUntilReady(server, { path: '/readyz', log, withinMs: 20_000 });
  } catch (error) {
    await server.kill();
    throw error;
  }
  return {
    folder,
    server,
    /** The file that its output goes to. */
    log,
    /** What it was given. */
    environment,
    /** Sends SIGTERM and waits for the end, how it came; SIGKILL follows when the grace period is over. */
    async stop(): Promise<{ readonly code: number | null; readonly tookMs: number }> {
      const since = performance.now();
      let code: number | null = null;
      const forget = server.onExit((exit) => {
        code = exit.code;
      });
      await server.stop();
      forget();
      return { code, tookMs: performance.now() - since };
    },
  };
}
