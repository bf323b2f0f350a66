import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSameProcess } from './processes/process-table.ts';
import { withLock } from './programs/lock-file.ts';

/** What a running system says about itself, for programs that use it or break it on purpose. */
export interface RunFile {
  /** Number and start time of the launcher's process. */
  launcher: string;
  startedAt: string;
  /** By part name: `redis`, `nats`, `postgres` and the services. */
  urls: Record<string, string>;
  ports: Record<string, number>;
  /** By part name; a part that is down, or is not ours, is missing. */
  pids: Record<string, number>;
  logs: Record<string, string>;
}

/** Another launcher already runs the system on this folder. */
export class AlreadyRunningError extends Error {
  constructor(file: string, running: RunFile) {
    super(
      `Outcry already runs on this folder, since ${running.startedAt} ` +
        `(process ${Number.parseInt(running.launcher, 10)}, see ${file}). Stop it first.`,
    );
    this.name = 'AlreadyRunningError';
  }
}

/** What runs according to a run file; `undefined` without one, or when its launcher is gone. */
export async function readRunFile(file: string): Promise<RunFile | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const content: unknown = JSON.parse(text);
    return isRunFile(content) && isSameProcess(content.launcher) ? content : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes the first run file of a launcher.
 *
 * @throws AlreadyRunningError when a launcher that still runs has written one
 */
export async function claimRunFile(file: string, content: RunFile): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await withLock(`${file}.lock`, 10_000, async () => {
    const running = await readRunFile(file);
    if (running !== undefined) throw new AlreadyRunningError(file, running);
    await writeRunFile(file, content);
  });
}

/** Replaces a run file in one step: a reader sees the old content or the new. */
export async function writeRunFile(file: string, content: RunFile): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`);
  await rename(draft, file);
}

/** Removes a run file; no error when it is gone. */
export async function removeRunFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

function isRunFile(value: unknown): value is RunFile {
  return (
    typeof value === 'object' &&
    value !== null &&
    'launcher' in value &&
    typeof value.launcher === 'string' &&
    'pids' in value &&
    'urls' in value
  );
}
