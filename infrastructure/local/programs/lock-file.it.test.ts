import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { processIdentity } from '../processes/process-table.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { withLock } from './lock-file.ts';

test('work under one lock never overlaps, and no file stays', async () => {
  const folder = await temporaryFolder();
  let inside = 0;
  const most: number[] = [];
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withLock(join(folder, 'lock'), 10_000, async () => {
        inside += 1;
        most.push(inside);
        await turn();
        inside -= 1;
      }),
    ),
  );
  expect(most).toEqual([1, 1, 1, 1, 1]);
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a process that is gone is taken over, even where its number lives again', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(file, `${pid}@1 some-run`);
  expect(await withLock(file, 1000, () => readFile(file, 'utf8'))).toContain(`${process.pid}@`);
  await writeFile(file, `${process.pid}@1 some-run`);
  expect(await withLock(file, 1000, () => Promise.resolve('done'))).toBe('done');
});

test('a lock that is held is waited for, but not for ever', async () => {
  const file = join(await temporaryFolder(), 'lock');
  await writeFile(file, `${processIdentity(process.pid) ?? ''} other-run`);
  await expect(withLock(file, 200, () => Promise.resolve())).rejects.toThrow(
    /the release of the lock .* did not happen within 0.2 s/,
  );
});
