import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { processors } from '../system/machine.ts';
import { checkFiles } from './former-run.ts';

let folder: string;
let former: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-check-files-'));
  former = join(folder, 'spread.json');
  const rounds = [{ perSecond: 1, cores: {} }];
  const run = {
    machine: processors(),
    options: { seconds: 5, connections: 64 },
    measured: [
      { name: 'bare', rounds },
      { name: 'spread', comparedTo: 'bare', rounds },
    ],
  };
  await writeFile(former, JSON.stringify(run));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const planned = { seconds: 5, connections: 64 };
const check = (names: string[], files: { againstFile?: string; jsonFile?: string }) =>
  checkFiles({ ...planned, names, ...files });

it('gives the run to compare with when it has a measurement that was asked for', async () => {
  const found = await check(['refused', 'spread'], { againstFile: former });
  expect(found?.measured.map(({ name }) => name)).toEqual(['bare', 'spread']);
  expect(await check(['refused'], { jsonFile: join(folder, 'new.json') })).toBeUndefined();
});

it('refuses a run that has in common only what others are compared to', async () => {
  await expect(check(['refused'], { againstFile: former })).rejects.toThrow(
    'nothing can be compared: the earlier run measured bare, spread',
  );
});

it('refuses files that cannot be read or written', async () => {
  const gone = join(folder, 'gone');
  await expect(check([], { againstFile: gone })).rejects.toThrow(
    `${gone} is no file of an earlier run`,
  );
  const nowhere = join(gone, 'new.json');
  await expect(check([], { jsonFile: nowhere })).rejects.toThrow(`${nowhere} cannot be written`);
});

it.each([
  [{}, { cpus: 4_000 }, 'the earlier run was on another machine ('],
  [{ seconds: 2 }, {}, 'the earlier run had 5 s and 64 connections'],
])('refuses a run that cannot be compared: %j %j', async (change, machine, reason) => {
  const run = { ...planned, names: ['spread'], againstFile: former, ...change };
  await expect(checkFiles(run, { ...processors(), ...machine })).rejects.toThrow(reason);
});
