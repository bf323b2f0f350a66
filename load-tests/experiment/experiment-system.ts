/** The system under load: the one that `npm start` runs, or one of the experiment's own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { waitUntilReady } from '@outcry/local/node-service.ts';
import { SERVICES } from '@outcry/local/parts.ts';
import { readRunFile } from '@outcry/local/run-file.ts';
import { startSystem, type System } from '@outcry/local/start-system.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOCAL = join(ROOT, '.local');
const READY_WITHIN_MS = 60_000;

/** Parts that an experiment looks at. */
export type PartName =
  | 'redis'
  | 'nats'
  | 'postgres'
  | 'api-gateway'
  | 'broadcast-service'
  | 'archival-worker';

export interface ExperimentSystem {
  /** What it is, for the report. */
  readonly about: string;
  url(part: PartName): string;
  /** Process number; undefined while it is down or where it is not known. */
  pid(part: PartName): number | undefined;
  /** SIGKILL; the part stays down. @throws Error for a system that is not the experiment's own */
  kill(part: PartName): Promise<void>;
  /** Starts a part that was killed; resolves when it is ready. */
  start(part: PartName): Promise<void>;
  /** Ends what was started for the experiment, and removes its data. */
  stop(): Promise<void>;
}

export interface SystemWish {
  /** True: `npm start`'s system is not used, because parts of this one are killed. */
  readonly own: boolean;
  /** False: the services are built already. */
  readonly build: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** @throws Error when a part does not start; nothing is left running then */
export async function openSystem(wish: SystemWish): Promise<ExperimentSystem> {
  const running = wish.own ? undefined : await readRunFile(join(LOCAL, 'run.json'));
  if (running === undefined) return startOwn(wish);
  const url = (part: PartName): string => known(running.urls[part], part);
  return {
    about: 'the one that npm start runs',
    url,
    pid: (part) => running.pids[part],
    kill: notOurs,
    start: notOurs,
    stop: () => Promise.resolve(),
  };
}

const notOurs = (): Promise<never> => Promise.reject(new Error('this system is not ours to kill'));

async function startOwn({ build, say, signal }: SystemWish): Promise<ExperimentSystem> {
  // Data lies in the checkout and not in a temporary folder, which may be in memory.
  await mkdir(join(LOCAL, 'logs'), { recursive: true });
  if (build) {
    say('building');
    await runScript('build', { root: ROOT, log: join(LOCAL, 'logs', 'build.log'), signal });
  }
  const folder = await mkdtemp(join(LOCAL, 'experiment-'));
  let system: System;
  try {
    say('starting the servers and the services');
    system = await startSystem({
      root: ROOT,
      folder,
      services: SERVICES.filter(({ name }) => name !== 'web'),
      env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn' },
      prepare: ({ databaseUrl }) =>
        runScript('migrate', {
          root: ROOT,
          log: join(folder, 'logs', 'migrate.log'),
          env: { DATABASE_URL: databaseUrl },
        }),
      signal,
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    about: 'one gateway, one broadcaster, one worker, one Redis, one NATS, one Postgres',
    url: (part) => known(system.urls[part], part),
    pid: (part) => system.part(part).pid(),
    async kill(name) {
      const part = system.part(name);
      await part.kill();
      // It was started again at once otherwise.
      await part.stop();
    },
    async start(name) {
      const part = system.part(name);
      await part.start();
      const service = SERVICES.find((each) => each.name === name);
      if (service === undefined) return;
      const log = join(folder, 'logs', `${name}.log`);
      await waitUntilReady(part, { path: service.readyPath, log, withinMs: READY_WITHIN_MS });
    },
    async stop() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function known(url: string | undefined, part: string): string {
  if (url === undefined) throw new Error(`nobody knows where ${part} is`);
  return url;
}
