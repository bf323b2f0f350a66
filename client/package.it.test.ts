/**
 * The package as somebody outside gets it: packed, unpacked into an empty project, its README's
 * programs compiled by the strictest rules and run against the whole system.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { OutcryClient } from './outcry-client.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const RUN_LIMIT_MS = 20_000;

let system: TestSystem;
let gatewayUrl: string;
let project: string;

beforeAll(async () => {
  project = await projectWithPackage();
  system = await startTestSystem();
  gatewayUrl = system.urls['api-gateway'] ?? '';
});

afterAll(async () => {
  await system.stop();
  await rm(project, { recursive: true, force: true });
});

async function projectWithPackage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-package-'));
  await run('npm', ['run', 'build:package'], { cwd: join(ROOT, 'client') });
  await run('npm', ['pack', join(ROOT, 'client', 'dist'), '--pack-destination', folder]);
  const installed = join(folder, 'node_modules', '@outcry', 'client');
  await mkdir(installed, { recursive: true });
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  await run('tar', ['-xzf', join(folder, archive), '--strip-components=1', '-C', installed]);
  // Of what else is installed here the project sees only what the package says that it needs.
  const manifest: unknown = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
  for (const name of dependenciesOf(manifest)) {
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: [],
    outDir: 'compiled',
  };
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  return folder;
}

function dependenciesOf(manifest: unknown): string[] {
  const isObject = typeof manifest === 'object' && manifest !== null;
  if (!isObject || !('dependencies' in manifest)) throw new Error('the package needs nothing');
  return Object.keys(manifest.dependencies ?? {});
}

/** The programs of the README, by the order in which they stand there, for the test's system. */
async function readmePrograms(): Promise<string[]> {
  const text = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const programs = Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, code = '']) => code);
  return programs.map((code) => code.replaceAll('http://localhost:8080', gatewayUrl));
}

const runCompiled = async (name: string): Promise<string> => {
  const file = join(project, 'compiled', `${name}.js`);
  return (await run(process.execPath, [file], { cwd: project, timeout: RUN_LIMIT_MS })).stdout;
};

test('the README’s programs compile in an empty project, and do what they say', async () => {
  const programs = await readmePrograms();
  expect(programs).toHaveLength(4);
  for (const [i, code] of programs.entries()) await writeFile(join(project, `p${i}.ts`), code);
  await run(process.execPath, [TSC, '-p', project]).catch(({ stdout }: { stdout: string }) => {
    throw new Error(stdout);
  });

  expect(await runCompiled('p0')).toContain('leading at 1000 until');

  const anyone = new OutcryClient({ gatewayUrl });
  const as = async (userId: string): Promise<OutcryClient> => {
    const { token } = await anyone.devToken(userId, ['bidder', 'seller']);
    return new OutcryClient({ gatewayUrl, token });
  };
  const [seller, rival] = await Promise.all([as('sam'), as('rob')]);
  // Ends before the other one, so that the bot finds it first.
  const { id } = await seller.createAuction({
    item: { title: 'Oil lamp' },
    currency: 'USD',
    startPrice: 1_000,
    durationSeconds: 8,
    softClose: null,
  });
  await rival.bid(id, { amount: 1_000 });
  const bot = runCompiled('p1');
  await until('the bot leads', async () => (await anyone.auction(id)).leader === 2);
  await rival.bid(id, { amount: 5_000 });
  const told = await bot;
  expect(told).toMatch(/outbid at 5000/);
  expect(told).toMatch(/\d+ bid\n/);
  expect(told).toMatch(/won at 5100\n$/);

  await until('it is archived', async () => {
    const kept = await anyone.archivedAuction(id).catch(() => undefined);
    return kept?.status === 'ended';
  });
  const past = await runCompiled('p2');
  expect(past).toMatch(/^Oil lamp sold 5100\n/);
  expect(past).toMatch(/sealed/);
  expect(past).toMatch(/most spent by nobody yet/);
}, 60_000);
