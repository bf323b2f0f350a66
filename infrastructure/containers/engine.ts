/** A Docker engine for tests: the one that answers here, else one that is started and taken away. */
import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGuarded } from '@outcry/local/processes/guarded-process.ts';
import { logTail } from '@outcry/local/processes/log-file.ts';
import { lastLines, mustRun, runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { findDocker } from '@outcry/local/programs/docker.ts';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import { CACHE_FOLDER } from './cache-folder.ts';

const STOP = fileURLToPath(new URL('stop-engine.sh', import.meta.url));
const START_WITHIN_MS = 30_000;
/** overlayfs is refused where the folder itself is on one; then files are copied. */
const STORAGE_DRIVERS = ['overlay2', 'vfs'] as const;

const PRUNE_BUILDS = ['builder', 'prune', '--force', '--keep-storage=6GB'];

export interface Engine {
  /** Path of Docker's client. */
  readonly docker: string;
  /** The environment in which `docker` reaches this engine. */
  readonly environment: NodeJS.ProcessEnv;
  /** Whether it was started here: then images may be made under names of others. */
  readonly isOwn: boolean;
  /** Ends it and what it made on this machine, if it was started here. Images stay in the cache. */
  stop(): Promise<void>;
}

/** @throws Error that says what to do when no engine answers and none can be started */
export async function obtainEngine(): Promise<Engine> {
  const docker = await findDocker();
  if (docker !== undefined) {
    return { docker, environment: process.env, isOwn: false, stop: () => Promise.resolve() };
  }
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new Error(
      'These tests need a Docker engine and none answers. Start Docker, or run them as root on ' +
        'Debian, where they install and start one themselves.',
    );
  }
  const dockerd = await obtainTool('dockerd');
  const client = await findProgram(['docker']);
  if (client === undefined) {
    throw new Error('dockerd is here, but not `docker`. Install the package docker-cli.');
  }
  const failures: string[] = [];
  for (const driver of STORAGE_DRIVERS) {
    try {
      return await startEngine(dockerd, client, driver);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    `These tests need a Docker engine; dockerd does not start here. It needs cgroups, iptables and ` +
      `the rights of root (a container must be privileged). It said:\n${failures.join('\n')}`,
  );
}

async function startEngine(dockerd: string, docker: string, driver: string): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-engine-'));
  await chmod(folder, 0o700);
  await mkdir(CACHE_FOLDER, { recursive: true });
  await rememberNetwork(folder);
  const log = join(folder, 'dockerd.log');
  const host = `unix://${join(folder, 'docker.sock')}`;
  const environment = { ...process.env, DOCKER_HOST: host };
  const daemon = await startGuarded({
    file: dockerd,
    args: [
      `--data-root=${join(CACHE_FOLDER, `engine-${driver}`)}`,
      `--exec-root=${join(folder, 'run')}`,
      // In the cache: two engines on one data folder would break it, so the second refuses.
      `--pidfile=${join(CACHE_FOLDER, `engine-${driver}.pid`)}`,
      `--host=${host}`,
      `--storage-driver=${driver}`,
      '--shutdown-timeout=2',
      '--log-level=warn',
    ],
    log,
    orphanCommand: [STOP, folder],
  });
  const stop = async (): Promise<void> => {
    // The cache does not grow with every run.
    for (const prune of [['image', 'prune', '--force'], PRUNE_BUILDS]) {
      await runCommand(docker, prune, { env: environment });
    }
    await mustRun(STOP, [folder]);
    await daemon.exited;
  };
  try {
    await waitUntil(
      async () => {
        if (daemon.hasExited()) throw new Error('it ended while it was starting');
        const { code } = await runCommand(docker, ['version'], { env: environment });
        return code === 0;
      },
      { withinMs: START_WITHIN_MS, everyMs: 200, what: 'an answer of dockerd' },
    );
  } catch (error) {
    const end = lastLines(logTail(log, 0), 8);
    await stop();
    throw new Error(`${driver}: ${error instanceof Error ? error.message : ''}\n${end}`, {
      cause: error,
    });
  }
  return { docker, environment, isOwn: true, stop };
}

/** What stop-engine.sh puts back: links, packet filters, forwarding. */
async function rememberNetwork(folder: string): Promise<void> {
  await writeFile(join(folder, 'links'), `${(await readdir('/sys/class/net')).join('\n')}\n`);
  for (const tool of ['iptables', 'ip6tables']) {
    const { code, output } = await runCommand(`${tool}-save`, []);
    await writeFile(join(folder, tool), code === 0 ? output : '');
  }
  await writeFile(
    join(folder, 'ip_forward'),
    await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8'),
  );
}
