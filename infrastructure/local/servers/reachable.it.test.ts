import { access, mkdir, readdir, readlink, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../processes/run-command.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { reachableFolder, SHARED_FOLDER } from './reachable-folder.ts';
import { reachablePostgres } from './reachable-postgres.ts';

const nobody = { uid: 65_534, gid: 65_534 };

describe.runIf(process.getuid?.() === 0)('what root does for the account of Postgres', () => {
  test('a temporary folder is opened for passing through, and used', async () => {
    const folder = await temporaryFolder();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const data = join(folder, 'data');
    expect(await reachableFolder(data, nobody)).toBe(await realpath(data));
    expect((await stat(folder)).mode & 0o777).toBe(0o711);
  });

  test('below a closed folder, a link leads to a place that everybody may enter', async () => {
    const folder = await temporaryFolder(homedir());
    const data = join(folder, 'data');
    const place = await reachableFolder(data, nobody);
    onTestFinished(() => rm(dirname(place), { recursive: true }));
    expect(dirname(dirname(place))).toBe(SHARED_FOLDER);
    expect(await readlink(data)).toBe(place);
    expect(await reachableFolder(data, nobody)).toBe(place);
    expect((await runCommand('ls', [place], nobody)).code).toBe(0);
    await rm(place, { recursive: true });
    expect(await reachableFolder(data, nobody)).toBe(place);
  });

  test('data that is there but closed is an error, not a new start', async () => {
    const folder = await temporaryFolder(homedir());
    await mkdir(join(folder, 'data'));
    await expect(reachableFolder(join(folder, 'data'), nobody)).rejects.toThrow(/may not enter/);
  });

  test('places of temporary folders that are gone are removed, others stay', async () => {
    const folder = await temporaryFolder(homedir());
    // Tests of other checkouts use the same place.
    const gone = join(SHARED_FOLDER, `gone-${basename(folder)}`);
    const elsewhere = join(SHARED_FOLDER, `elsewhere-${basename(folder)}`);
    onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
    for (const [place, origin] of [
      [gone, join(await realpath('/tmp'), 'no-such-folder', 'data')],
      [elsewhere, '/mnt/no-such-disk/data'],
    ] as const) {
      await mkdir(join(place, 'data'), { recursive: true });
      await runCommand('ln', ['-s', origin, join(place, 'origin')]);
    }
    const place = await reachableFolder(join(folder, 'data'), nobody);
    onTestFinished(() => rm(dirname(place), { recursive: true }));
    expect(await readdir(SHARED_FOLDER)).toEqual(
      expect.arrayContaining([basename(elsewhere), basename(dirname(place))]),
    );
    await expect(access(gone)).rejects.toThrow('ENOENT');
  });

  test('programs from npm below a closed folder are copied', async () => {
    const folder = await temporaryFolder(homedir());
    const bin = join(folder, 'native', 'bin');
    const postgres = join(bin, 'postgres');
    await mkdir(bin, { recursive: true });
    await writeFile(join(folder, 'package.json'), `{"version": "${basename(folder)}"}`);
    await writeFile(postgres, '#!/bin/sh\necho copied\n', { mode: 0o700 });
    const copy = await reachablePostgres(postgres, nobody);
    onTestFinished(() => rm(dirname(dirname(copy)), { recursive: true }));
    expect((await runCommand(copy, [], { ...nobody, cwd: '/' })).output).toBe('copied\n');
    expect(await reachablePostgres(postgres, nobody)).toBe(copy);
    expect(await reachablePostgres('/bin/true', nobody)).toBe('/bin/true');
  });
});
