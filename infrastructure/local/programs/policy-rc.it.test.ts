import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { withoutDaemonStarts } from './policy-rc.ts';

test('daemons are refused meanwhile, and the machine keeps its own answer', async () => {
  const policy = join(await temporaryFolder(), 'policy-rc.d');
  await writeFile(policy, 'exit 0 # own');
  await chmod(policy, 0o750);
  expect(await withoutDaemonStarts(() => readFile(policy, 'utf8'), policy)).toContain('exit 101');
  expect(await readFile(policy, 'utf8')).toBe('exit 0 # own');
  expect((await stat(policy)).mode & 0o777).toBe(0o750);
});

test('nothing stays where there was nothing, not even after a failure', async () => {
  const folder = await temporaryFolder();
  const failing = withoutDaemonStarts(
    () => Promise.reject(new Error('no')),
    join(folder, 'policy-rc.d'),
  );
  await expect(failing).rejects.toThrow('no');
  expect(await readdir(folder)).toEqual([]);
});

test('what a killed run left behind is put right', async () => {
  const folder = await temporaryFolder();
  const policy = join(folder, 'policy-rc.d');
  const temporary = await withoutDaemonStarts(() => readFile(policy, 'utf8'), policy);
  await writeFile(policy, temporary);
  await writeFile(`${policy}.outcry-saved`, 'exit 0 # own');
  await withoutDaemonStarts(() => Promise.resolve(), policy);
  expect(await readdir(folder)).toEqual(['policy-rc.d']);
  expect(await readFile(policy, 'utf8')).toBe('exit 0 # own');
});
