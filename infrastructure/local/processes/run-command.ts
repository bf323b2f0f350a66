import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** Kill the command after this time, in milliseconds (default 60 000). */
  withinMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
}

export interface CommandResult {
  /** Exit code; 127 when the program cannot be started, 124 when it ran out of time. */
  code: number;
  /** Standard output and standard error in the order of their arrival. */
  output: string;
}

const KEPT_OUTPUT = 1024 * 1024;

/** Runs a command to its end. Never throws: a command that cannot start has code 127. */
export function runCommand(
  file: string,
  args: readonly string[],
  { withinMs = 60_000, ...options }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let timedOut = false;
    const keep = (chunk: string): void => {
      output = (output + chunk).slice(-KEPT_OUTPUT);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, withinMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: error.message });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: timedOut ? 124 : (code ?? 128), output });
    });
  });
}

/** Runs a command to its end. @returns its output @throws Error with the end of that when it fails */
export async function mustRun(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, output } = await runCommand(file, args, options);
  if (code === 0) return output;
  throw new Error(
    `\`${[file, ...args].join(' ')}\` failed with code ${code}. Its last lines:\n${lastLines(output, 40)}`,
  );
}

/** The last `count` lines of a text that are not empty. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
