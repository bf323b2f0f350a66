import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

export interface Watched {
  pid: number;
  /** How to ask the process to end when its launcher is gone; SIGKILL follows after 3 s. */
  signal: NodeJS.Signals;
  /** A command that ends what the signal does not reach, such as `docker rm -f <name>`. */
  command?: readonly string[];
}

let pipe: Writable | undefined;

/** Has `watched` ended if this process dies, by whatever cause. */
export function watch(watched: Watched): void {
  write({ add: watched });
}

/** Says that a watched process is gone, so that its number can belong to somebody else. */
export function unwatch(pid: number): void {
  write({ remove: pid });
}

function write(message: unknown): void {
  pipe ??= startWatchdog();
  pipe.write(`${JSON.stringify(message)}\n`);
}

function startWatchdog(): Writable {
  const child = spawn(process.execPath, [fileURLToPath(new URL('watchdog.mjs', import.meta.url))], {
    // In a session of its own: neither Ctrl-C nor a kill of the launcher's group may reach it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    // Options for the launcher, such as an inspector's port, are not meant for it.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const { stdin } = child;
  child.once('exit', () => {
    if (pipe === stdin) pipe = undefined;
  });
  // A watchdog that dies first must not take the launcher down by an unhandled EPIPE.
  stdin.on('error', () => {});
  child.once('error', () => {});
  child.unref();
  if (stdin instanceof Socket) stdin.unref();
  return stdin;
}
