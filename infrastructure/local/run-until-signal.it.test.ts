import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { descendantsOf, isAlive } from './processes/process-table.ts';
import { waitUntil } from './processes/wait-until.ts';
import { readRunFile } from './run-file.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 120_000 });

interface Launched {
  launcher: ChildProcess;
  folder: string;
  /** All processes of the system. */
  pids: number[];
  exit: Promise<unknown[]>;
  /** What the launcher said so far. */
  output(): string;
}

async function launch(behaviour: string): Promise<Launched> {
  const folder = await temporaryFolder();
  const file = fileURLToPath(new URL('testing/launch-system.ts', import.meta.url));
  const launcher = spawn(process.execPath, ['--import', 'tsx', file, folder, behaviour], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exit = once(launcher, 'exit');
  let output = '';
  launcher.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  await waitUntil(() => output.includes('up\n'), { withinMs: 60_000, what: 'the start' });
  const pids = await descendantsOf(launcher.pid ?? 0);
  return { launcher, folder, pids, exit, output: () => output };
}

async function nothingIsLeft({ pids, folder }: Launched): Promise<void> {
  await waitUntil(() => !pids.some(isAlive), { withinMs: 10_000, what: 'the end of all parts' });
  expect(await readRunFile(join(folder, 'run.json'))).toBeUndefined();
}

test('Ctrl-C stops everything', async () => {
  const launched = await launch('ready');
  launched.launcher.kill('SIGINT');
  // npm passes on what the terminal has sent already: that is no second Ctrl-C.
  launched.launcher.kill('SIGINT');
  expect(await launched.exit).toEqual([0, null]);
  await nothingIsLeft(launched);
});

test('a second Ctrl-C does not wait for a part that will not stop', async () => {
  const launched = await launch('deaf');
  launched.launcher.kill('SIGINT');
  await waitUntil(() => launched.output().includes('Stopping'), {
    withinMs: 10_000,
    what: 'the stop',
  });
  // One that comes sooner is taken for the same.
  await pause(600);
  launched.launcher.kill('SIGINT');
  expect(await launched.exit).toEqual([130, null]);
  await nothingIsLeft(launched);
});

test('a launcher that is killed leaves nothing running', async () => {
  const launched = await launch('deaf');
  launched.launcher.kill('SIGKILL');
  expect(await launched.exit).toEqual([null, 'SIGKILL']);
  await nothingIsLeft(launched);
});

test('a launcher whose bootstrap is gone stops', async () => {
  const launched = await launch('ready');
  launched.launcher.disconnect();
  expect(await launched.exit).toEqual([0, null]);
  await nothingIsLeft(launched);
});
