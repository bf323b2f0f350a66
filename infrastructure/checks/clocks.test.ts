/** Plants the wall clock in each service and expects the linter to refuse it. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = [
  'api-gateway/bidding',
  'broadcast-service/feed',
  'archival-worker/seal',
  'shared/http',
  'shared/runtime',
];

test('the wall clock may not be read in a service', async () => {
  const tree = await mkdtemp(join(tmpdir(), 'outcry-clocks-'));
  onTestFinished(() => rm(tree, { recursive: true }));
  await copyFile(join(ROOT, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
  for (const folder of FOLDERS) {
    const file = join(tree, folder, 'a.ts');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'export const now = (): number => Date.now();\n');
  }
  const lint = join(ROOT, 'node_modules/.bin/oxlint');
  const said = await run(lint, ['--format', 'unix'], { cwd: tree }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  for (const folder of FOLDERS) {
    expect(said).toMatch(new RegExp(`${folder}/a\\.ts.*Date\\.now`));
  }
});
