/** How every program of this folder ends. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';

const PROGRAM = new URL('./testing/waiting-program.ts', import.meta.url);
const WITHIN_MS = 15_000;
/** Signals closer to each other count as one. */
const ANOTHER_SIGNAL_MS = 600;

/** Started as the bootstrap starts it, with a channel. */
function start(...args: string[]) {
  const child = fork(PROGRAM, args, { execArgv: ['--import', 'tsx'], silent: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const says = (text: string) =>
    waitUntil(() => output.includes(text), { withinMs: WITHIN_MS, what: `that it says ${text}` });
  return { child, says, output: () => output };
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit', {
    signal: AbortSignal.timeout(WITHIN_MS),
  })) as unknown[];
  return code;
}

test.each([
  ['good', 0, 'running'],
  ['bad', 1, 'running'],
  ['breaks', 1, 'Error: broke'],
  ['--help', 0, 'how to use it'],
  ['--wrong', 1, "Unknown option '--wrong'"],
])('%s ends with code %d, whatever is open, and says: %s', async (arg, code, text) => {
  const { child, says, output } = start(arg);
  expect(await exitCode(child)).toBe(code);
  await says(text);
  expect(output().includes('how to use it')).toBe(arg.startsWith('--'));
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops it', async (signal) => {
  const { child, says, output } = start();
  await says('running');
  child.kill(signal);
  expect(await exitCode(child)).toBe(130);
  // Its last word.
  await says('stopped\n');
  expect(output()).not.toContain('Error');
});

test('what fails while it stops is not kept quiet', async () => {
  const { child, says, output } = start('untidy');
  await says('running');
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(130);
  await says('stopped\n');
  expect(output()).toContain('Error: could not clean up');
});

test('it stops when what started it is gone', async () => {
  const { child, says } = start();
  await says('running');
  child.disconnect();
  expect(await exitCode(child)).toBe(130);
});

test('a second signal ends it at once, one that comes with the first does not', async () => {
  const { child, says } = start('stubborn');
  await says('running');
  // Not the same one twice: of those that are still due the system keeps one.
  child.kill('SIGINT');
  child.kill('SIGTERM');
  await says('SIGINT came');
  await says('SIGTERM came');
  await pause(ANOTHER_SIGNAL_MS);
  expect(child.exitCode).toBeNull();
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(130);
});
