import { access, chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { installPackage } from './system-packages.ts';

const silent = (): void => {};
let folder: string;

/** Puts an `apt-get` of our own first on PATH; it writes down how it is called. */
async function fakeAptGet(script: string): Promise<void> {
  folder = await temporaryFolder();
  const file = join(folder, 'apt-get');
  await writeFile(file, `#!/bin/sh\necho "$@" >> ${join(folder, 'calls')}\n${script}\n`);
  await chmod(file, 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${folder}${delimiter}${PATH}`;
  onTestFinished(() => void (process.env['PATH'] = PATH));
}

async function findInstalled(): Promise<string | undefined> {
  const file = join(folder, 'installed');
  return access(file).then(
    () => file,
    () => undefined,
  );
}

beforeEach(() => {
  vi.restoreAllMocks();
});

test.runIf(process.getuid?.() === 0)('root installs once for all who ask', async () => {
  await fakeAptGet('case "$*" in *install*) sleep 0.2; touch "$(dirname "$0")/installed";; esac');
  const asked = [1, 2, 3].map(() => installPackage({ apt: 'a-server' }, findInstalled, silent));
  expect(await Promise.all(asked)).toEqual([1, 2, 3].map(() => join(folder, 'installed')));
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  expect(calls.filter((call) => call.endsWith('--no-install-recommends a-server'))).toHaveLength(1);
});

test.runIf(process.getuid?.() === 0)('a refused installation shows why', async () => {
  await fakeAptGet(
    'case "$*" in *install*) echo "E: Unable to locate package a-server"; exit 100;; esac',
  );
  await expect(installPackage({ apt: 'a-server' }, findInstalled, silent)).rejects.toThrow(
    /apt-get .*install .*a-server` failed with code 100.*\nE: Unable to locate package a-server/,
  );
});

test('an ordinary user installs nothing', async () => {
  await fakeAptGet('');
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  expect(await installPackage({ apt: 'a-server' }, findInstalled, silent)).toBeUndefined();
});
