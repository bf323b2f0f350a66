import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Arguments with which another Node process runs a TypeScript file of this package. */
export const typescriptArguments = (file: URL): string[] => [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(file),
];

/** Another Node process that runs such a file; the signal kills it. */
export const spawnTypescript = (file: URL, args: readonly string[], signal: AbortSignal) =>
  spawn(process.execPath, [...typescriptArguments(file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
