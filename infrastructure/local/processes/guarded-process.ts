import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog } from './log-file.ts';
import { descendantsOf, isAlive } from './process-table.ts';
import { waitUntil } from './wait-until.ts';
import { unwatch, watch } from './watchdog.ts';

export interface ProcessRecipe {
  file: string;
  args: readonly string[];
  /** Where standard output and standard error go. */
  log: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  /** Kills it. */
  signal?: AbortSignal | undefined;
  /** How the watchdog ends it when the launcher is gone (default SIGTERM). */
  orphanSignal?: NodeJS.Signals;
  /** A command that ends what the signal does not reach. */
  orphanCommand?: readonly string[];
}

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  hasExited(): boolean;
  /** Calls `listener` when the process ends, before `exited` resolves. */
  onExit(listener: (exit: ProcessExit) => void): void;
  /** Sends a signal to the process alone. A process that is gone is no error. */
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when the process and all its descendants are gone. */
  kill(): Promise<void>;
}

/**
 * Starts a process that ends when this one does, even when this one ends by SIGKILL. It leads a
 * process group of its own, so a Ctrl-C in the terminal does not reach it.
 *
 * @throws Error when the program cannot be started; the signal's reason
 */
export async function startGuarded(recipe: ProcessRecipe): Promise<GuardedProcess> {
  recipe.signal?.throwIfAborted();
  const log = openLog(recipe.log);
  const child = spawn(recipe.file, recipe.args, {
    detached: true,
    stdio: ['ignore', log, log],
    ...(recipe.cwd !== undefined && { cwd: recipe.cwd }),
    ...(recipe.env !== undefined && { env: recipe.env }),
    ...(recipe.uid !== undefined && { uid: recipe.uid }),
    ...(recipe.gid !== undefined && { gid: recipe.gid }),
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    await new Promise((_, reject) => child.once('error', reject));
    throw new Error(`${recipe.file} did not start`);
  }
  watch({
    pid,
    signal: recipe.orphanSignal ?? 'SIGTERM',
    ...(recipe.orphanCommand !== undefined && { command: recipe.orphanCommand }),
  });

  let gone = false;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      gone = true;
      unwatch(pid);
      resolve({ code, signal });
    });
  });
  const guarded: GuardedProcess = {
    pid,
    exited,
    hasExited: () => gone,
    onExit: (listener) => {
      child.once('exit', (code, signal) => listener({ code, signal }));
    },
    signal: (signal) => void child.kill(signal),
    async kill() {
      // Looked up before the kill: afterwards they are no longer its children.
      const descendants = gone ? [] : await descendantsOf(pid);
      child.kill('SIGKILL');
      await exited;
      await endDescendants(descendants);
    },
  };
  const abort = (): void => void guarded.kill();
  recipe.signal?.addEventListener('abort', abort, { once: true });
  guarded.onExit(() => recipe.signal?.removeEventListener('abort', abort));
  return guarded;
}

// Postgres's own processes leave by themselves once their parent is gone, and a new server on the
// same data refuses to start before they have. Others (a shell's children) may need the signal.
async function endDescendants(pids: readonly number[]): Promise<void> {
  const allGone = (): boolean => !pids.some(isAlive);
  const waited = { everyMs: 5, what: 'the end of the child processes' };
  try {
    await waitUntil(allGone, { ...waited, withinMs: 3000 });
  } catch {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone in the meantime.
      }
    }
    await waitUntil(allGone, { ...waited, withinMs: 3000 });
  }
}
