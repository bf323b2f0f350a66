/** Plants one forbidden import for every rule and expects the checker to name that rule. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** Rule, importing file, imported file. */
const PLANTED: readonly (readonly [string, string, string])[] = [
  ['domain-imports-nothing', 'shared/domain/a.ts', 'shared/contracts/b.ts'],
  ['contracts-import-domain-only', 'shared/contracts/a.ts', 'shared/runtime/b.ts'],
  ['runtime-knows-no-auction', 'shared/runtime/a.ts', 'shared/domain/b.ts'],
  ['runtime-knows-no-auction', 'shared/runtime/a.ts', 'shared/http/b.ts'],
  ['shared-imports-no-package', 'shared/contracts/a.ts', 'client/b.ts'],
  ['testing-only-in-tests', 'api-gateway/bidding/a.ts', 'shared/testing/b.ts'],
  ['api-gateway-imports-no-service', 'api-gateway/bidding/a.ts', 'archival-worker/archive/b.ts'],
  [
    'broadcast-service-imports-no-service',
    'broadcast-service/feed/a.ts',
    'api-gateway/bidding/b.ts',
  ],
  [
    'archival-worker-imports-no-service',
    'archival-worker/archive/a.ts',
    'api-gateway/bidding/b.ts',
  ],
  ['api-gateway-use-cases-know-no-edge', 'api-gateway/bidding/a.ts', 'api-gateway/adapters/b.ts'],
  [
    'broadcast-service-use-cases-know-no-edge',
    'broadcast-service/feed/a.ts',
    'broadcast-service/adapters/b.ts',
  ],
  ['data-knows-no-http', 'archival-worker/seal/a.ts', 'archival-worker/http/b.ts'],
  ['data-knows-no-http', 'api-gateway/keeper/a.ts', 'api-gateway/http/b.ts'],
  ['api-gateway-use-cases-know-no-edge', 'api-gateway/bidding/a.ts', 'shared/http/b.ts'],
  [
    'sql-knows-postgres-alone',
    'archival-worker/history/a.ts',
    'archival-worker/adapters/redis/b.ts',
  ],
  ['http-knows-no-adapter', 'api-gateway/http/a.ts', 'api-gateway/adapters/b.ts'],
  ['adapters-know-no-http', 'api-gateway/adapters/a.ts', 'api-gateway/http/b.ts'],
  ['only-create-wires-adapters', 'api-gateway/main.ts', 'api-gateway/adapters/b.ts'],
  ['client-stays-small', 'client/a.ts', 'shared/runtime/b.ts'],
];

let tree: string;

beforeAll(async () => {
  tree = await realpath(await mkdtemp(join(tmpdir(), 'outcry-imports-')));
  // As npm links a workspace.
  await mkdir(join(tree, 'node_modules/@outcry'), { recursive: true });
  await symlink(join(tree, 'shared'), join(tree, 'node_modules/@outcry/shared'));
});
afterAll(() => rm(tree, { recursive: true }));

/** The checker's output on a tree of these files. */
async function check(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? path))];
  const config = relative(tree, join(ROOT, '.dependency-cruiser.mjs'));
  const command = join(ROOT, 'node_modules/.bin/depcruise');
  try {
    return (await run(command, ['--config', config, ...folders], { cwd: tree })).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    await Promise.all(folders.map((folder) => rm(join(tree, folder), { recursive: true })));
  }
}

const importOf = (from: string, to: string): string => {
  const path = relative(dirname(from), to);
  return `import { b } from '${path.startsWith('.') ? path : `./${path}`}';\nexport const a = b;\n`;
};

// Each starts a program, which takes a while on a busy machine.
describe('the import rules', { timeout: 60_000 }, () => {
  test.each(PLANTED)('%s: %s must not import %s', async (rule, from, to) => {
    const output = await check({ [from]: importOf(from, to), [to]: 'export const b = 1;\n' });
    expect(output).toContain(`error ${rule}`);
  });

  test('no-cycles: two files must not import each other', async () => {
    const [a, b] = ['shared/domain/a.ts', 'shared/domain/b.ts'];
    const output = await check({
      [a]: `import { b } from './b.ts';\nexport const a = () => b;\n`,
      [b]: `import { a } from './a.ts';\nexport const b = () => a;\n`,
    });
    expect(output).toContain('error no-cycles');
  });

  test('an import by package name is seen through to the file', async () => {
    const output = await check({
      'client/a.ts': `import '@outcry/shared/runtime/b.ts';\n`,
      'shared/runtime/b.ts': 'export const b = 1;\n',
      'shared/package.json': '{ "name": "@outcry/shared", "exports": { "./*": "./*" } }',
    });
    expect(output).toContain('error client-stays-small');
  });

  test('an allowed import passes', async () => {
    const files = {
      'shared/contracts/a.ts': importOf('shared/contracts/a.ts', 'shared/domain/b.ts'),
      'shared/domain/b.ts': 'export const b = 1;\n',
    };
    expect(await check(files)).toContain('no dependency violations');
  });
});
