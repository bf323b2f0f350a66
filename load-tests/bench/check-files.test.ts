import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { benchOptions } from './bench-options.ts';
import { checkFiles } from './check-files.ts';
import { processors } from './machine.ts';

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

const check = (...args: string[]) =>
  checkFiles(benchOptions(args, ['bare', 'hot', 'spread', 'refused']));

it('gives the run to compare with when it has a measurement that was asked for', async () => {
  const found = await check('refused', 'spread', '--against', former);
  expect(found?.measured.map(({ name }) => name)).toEqual(['bare', 'spread']);
  expect(await check('refused', '--json', join(folder, 'new.json'))).toBeUndefined();
});

it('refuses a run that has in common only what others are compared to', async () => {
  await expect(check('refused', '--against', former)).rejects.toThrow(
    'nothing can be compared: the earlier run measured bare, spread',
  );
});

it('refuses files that cannot be read or written', async () => {
  const gone = join(folder, 'gone');
  await expect(check('--against', gone)).rejects.toThrow(`${gone} is no file of an earlier run`);
  const nowhere = join(gone, 'new.json');
  await expect(check('--json', nowhere)).rejects.toThrow(`${nowhere} cannot be written`);
});
