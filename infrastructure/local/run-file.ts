import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSameProcess, processIdentity } from './processes/process-table.ts';
import { withLock } from './programs/lock-file.ts';

/** What a running system says about itself, for programs that use it. */
export interface RunFile {
  /** Number and start time of the launcher's process. */
  readonly launcher: string;
  readonly startedAt: string;
  /** By part name: `redis`, `nats`, `postgres` and the services. */
  readonly urls: Record<string, string>;
}

/** Another launcher already runs the system on this folder. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';

  constructor(file: string, running: RunFile) {
    super(
      `Outcry already runs on this folder, since ${running.startedAt} ` +
        `(process ${Number.parseInt(running.launcher, 10)}, see ${file}). Stop it first.`,
    );
  }
}

/** What runs according to a run file; `undefined` without one, or when its launcher is gone. */
export async function readRunFile(file: string): Promise<RunFile | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const content = text === undefined ? undefined : (JSON.parse(text) as RunFile);
  return content && isSameProcess(content.launcher) ? content : undefined;
}

/**
 * Writes the first run file of a launcher, without any part.
 *
 * @throws AlreadyRunningError when a launcher that still runs has written one
 */
export async function beginRunFile(file: string): Promise<RunFile> {
  await mkdir(dirname(file), { recursive: true });
  return withLock(`${file}.lock`, 10_000, async () => {
    const running = await readRunFile(file);
    if (running !== undefined) throw new AlreadyRunningError(file, running);
    const launcher = processIdentity(process.pid) ?? String(process.pid);
    const content = { launcher, startedAt: new Date().toISOString(), urls: {} };
    await writeRunFile(file, content);
    return content;
  });
}

/** Replaces a run file in one step: a reader sees the old content or the new. */
export async function writeRunFile(file: string, content: RunFile): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`);
  await rename(draft, file);
}
