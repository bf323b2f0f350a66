import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { waitUntil } from './processes/wait-until.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 60_000 });

// Installs tsx as npm would: a folder, and npm's own record of it.
const FAKE_NPM = `
const { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } = require('node:fs');
appendFileSync('calls', process.argv.slice(2).join(' ') + ' NODE_ENV=' + process.env.NODE_ENV + '\\n');
if (existsSync('refuse')) { console.log('npm error: no network'); process.exit(1); }
if (existsSync('partial') && process.argv[2] === 'ci') {
  console.log('npm error code EUSAGE\\nnpm error Missing: a-package@ from lock file');
  process.exit(1);
}
mkdirSync('node_modules', { recursive: true });
if (!existsSync('node_modules/tsx')) symlinkSync(process.env.REAL_TSX, 'node_modules/tsx');
const { packages } = JSON.parse(require('node:fs').readFileSync('package-lock.json', 'utf8'));
delete packages[''];
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
`;

interface Checkout {
  folder: string;
  run: (...args: string[]) => { code: number | null; output: string };
  spawn: (...args: string[]) => ChildProcess;
  setLock: (version: string) => Promise<void>;
  calls: () => Promise<string[]>;
}

async function freshCheckout(): Promise<Checkout> {
  const folder = await temporaryFolder();
  const bootstrap = join(folder, 'infrastructure', 'local', 'bootstrap.mjs');
  await mkdir(dirname(bootstrap), { recursive: true });
  await copyFile(fileURLToPath(new URL('bootstrap.mjs', import.meta.url)), bootstrap);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  const npm = join(folder, 'npm-cli.js');
  await writeFile(npm, FAKE_NPM.replaceAll('require(', 'process.getBuiltinModule('));
  const tsx = dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    npm_execpath: npm,
    REAL_TSX: tsx,
    NODE_ENV: 'production',
  };
  delete env['npm_lifecycle_event'];
  const checkout: Checkout = {
    folder,
    run(...args) {
      const result = spawnSync(process.execPath, [bootstrap, ...args], { env, encoding: 'utf8' });
      return { code: result.status, output: result.stdout + result.stderr };
    },
    spawn: (...args) =>
      spawn(process.execPath, [bootstrap, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    setLock: (version) =>
      writeFile(
        join(folder, 'package-lock.json'),
        JSON.stringify({ packages: { '': {}, 'node_modules/tsx': { version } } }),
      ),
    calls: async () =>
      (await readFile(join(folder, 'calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1),
  };
  await checkout.setLock('1');
  return checkout;
}

test('packages are installed when they are missing or out of date, and only then', async () => {
  const { run, calls, setLock } = await freshCheckout();
  expect(run('install')).toEqual({ code: 0, output: '  installing packages (npm ci) …\n' });
  expect(run('install')).toEqual({ code: 0, output: '' });
  await setLock('2');
  expect(run('install').output).toContain('installing');
  expect(await calls()).toEqual(
    [1, 2].map(() => 'ci --include=dev --no-fund --no-audit NODE_ENV=undefined'),
  );
});

test('packages that somebody else installed are taken as they are', async () => {
  const { folder, run, calls } = await freshCheckout();
  await mkdir(join(folder, 'node_modules', 'tsx'), { recursive: true });
  await writeFile(
    join(folder, 'node_modules', '.package-lock.json'),
    JSON.stringify({ packages: { 'node_modules/tsx': { version: '1' } } }),
  );
  expect(run('install')).toEqual({ code: 0, output: '' });
  expect(await calls()).toEqual([]);
});

test('an installation that fails shows what npm said', async () => {
  const { folder, run } = await freshCheckout();
  await writeFile(join(folder, 'refuse'), '');
  const { code, output } = run('install');
  expect(code).toBe(1);
  expect(output).toContain('npm failed with code 1:\nnpm error: no network');
});

test('a lock file without the packages of other platforms is no obstacle', async () => {
  const { folder, run, calls } = await freshCheckout();
  await writeFile(join(folder, 'partial'), '');
  expect(run('install')).toMatchObject({ code: 0 });
  expect((await calls()).map((call) => call.split(' --')[0])).toEqual(['ci', 'install']);
});

test('a file is run with its arguments and its exit code', async () => {
  const { folder, run } = await freshCheckout();
  const file = join(folder, 'program.ts');
  await writeFile(file, 'const n: number = 7; console.log(process.argv[2]); process.exit(n);');
  expect(run('install').code).toBe(0);
  expect(run('run', file, 'an argument')).toEqual({ code: 7, output: 'an argument\n' });
  expect(run('no-such-word')).toMatchObject({ code: 1 });
});

test('a program whose npm is killed is told so', async () => {
  const { folder, run } = await freshCheckout();
  const file = join(folder, 'program.ts');
  await writeFile(
    file,
    `import { writeFileSync } from 'node:fs';
     process.once('disconnect', () => {
       writeFileSync('told', '');
       process.exit(0);
     });
     writeFileSync('up', '');
     setInterval(() => {}, 1000);`,
  );
  run('install');
  // As npm does it: a shell that stays between, because more follows the command.
  const command = `"${process.execPath}" infrastructure/local/bootstrap.mjs run program.ts; true`;
  const npm = spawn(
    process.execPath,
    ['-e', `process.getBuiltinModule('child_process').spawnSync('sh', ['-c', '${command}'])`],
    { cwd: folder, env: { ...process.env, npm_lifecycle_event: 'start' }, stdio: 'ignore' },
  );
  const exists = (name: string): boolean => existsSync(join(folder, name));
  await waitUntil(() => exists('up'), { withinMs: 20_000, what: 'the start' });
  npm.kill('SIGKILL');
  await waitUntil(() => exists('told'), { withinMs: 10_000, what: 'the news' });
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s is passed on', async (signal) => {
  const { folder, run, spawn } = await freshCheckout();
  const file = join(folder, 'program.ts');
  await writeFile(
    file,
    `for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {
       console.log(name);
       process.exit(5);
     });
     setInterval(() => {}, 1000);
     console.log('up');`,
  );
  run('install');
  const child = spawn('run', file);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  await waitUntil(() => output.includes('up\n'), { withinMs: 20_000, what: 'the start' });
  // Not `exit`: that may come before the last of the output.
  const close = once(child, 'close');
  child.kill(signal);
  expect(await close).toEqual([5, null]);
  expect(output).toBe(`up\n${signal}\n`);
});
