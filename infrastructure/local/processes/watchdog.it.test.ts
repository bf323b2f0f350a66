import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { descendantsOf, isAlive } from './process-table.ts';
import { waitUntil } from './wait-until.ts';

vi.setConfig({ testTimeout: 60_000 });

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a launcher that ends by %s leaves no process behind',
  async (signal) => {
    const folder = await temporaryFolder();
    const launcher = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        fileURLToPath(new URL('../testing/launch-and-wait.ts', import.meta.url)),
        folder,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const { pid } = launcher;
    if (pid === undefined) throw new Error('the launcher did not start');
    const line = await new Promise<string>((resolve) => {
      createInterface({ input: launcher.stdout }).once('line', resolve);
    });
    const servers: unknown = JSON.parse(line);
    const left = await descendantsOf(pid);
    expect(servers).toHaveLength(4);
    expect(left.length).toBeGreaterThan(4);

    launcher.kill(signal);
    await waitUntil(() => !left.some(isAlive), {
      withinMs: 10_000,
      what: 'the end of all processes of the launcher',
    });
  },
);
