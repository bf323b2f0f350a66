// Makes sure that what package-lock.json names is installed, then runs a TypeScript file.
//
//   node infrastructure/local/bootstrap.mjs start              the whole system
//   node infrastructure/local/bootstrap.mjs install            only the installation
//   node infrastructure/local/bootstrap.mjs run <file> [args]  any other file
//
// Plain JavaScript without dependencies: it must work in a fresh checkout.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lockFile = join(root, 'package-lock.json');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.outcry-installed');
const shippedNode = join(modules, '.bin', 'node');

checkNode();
const [word, ...rest] = process.argv.slice(2);
const [file, ...args] = rest;
if (word === 'start') {
  await ensureInstalled();
  run(fileURLToPath(new URL('start.ts', import.meta.url)), rest);
} else if (word === 'install') {
  await ensureInstalled();
} else if (word === 'run' && file !== undefined) {
  await ensureInstalled();
  run(file, args);
} else {
  fail('Usage: node infrastructure/local/bootstrap.mjs start | install | run <file> [arguments]');
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Outcry needs Node 20.19 or later; this is ${process.versions.node}.`);
}

async function ensureInstalled() {
  const lock = readFileSync(lockFile);
  // The packages differ by platform, and a checkout can be shared between two.
  const stamp = createHash('sha256')
    .update(lock)
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');
  if (read(stampFile) === stamp) return;
  if (!isInstalled(packagesOf(lock.toString('utf8')))) await install();
  leaveOutUnusableNode();
  writeFileSync(stampFile, stamp);
}

/**
 * The Node that ships is installed for Linux with glibc, and npm's scripts find it first. Where it
 * does not run, they must find the machine's own.
 */
function leaveOutUnusableNode() {
  if (spawnSync(shippedNode, ['--version']).status !== 0) rmSync(shippedNode, { force: true });
}

/** @typedef {{ version?: string, link?: true, optional?: true, devOptional?: true }} Package */

/** @param {string} json */
function packagesOf(json) {
  const { packages = {} } = /** @type {{ packages?: Record<string, Package> }} */ (
    JSON.parse(json)
  );
  return packages;
}

/**
 * Whether npm's own record of node_modules names what the lock file names: then it is up to date.
 * @param {Record<string, Package>} locked
 */
function isInstalled(locked) {
  const record = read(join(modules, '.package-lock.json'));
  if (record === undefined) return false;
  const present = packagesOf(record);
  return Object.entries(locked).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    if (wanted.link) return existsSync(join(root, path));
    const found = present[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && existsSync(join(root, path));
  });
}

async function install() {
  console.log('  installing packages (npm ci) …');
  let result = await npm('ci');
  // A registry that lacks packages for other platforms leads to a lock file without them, which
  // `npm ci` refuses. `npm install` takes every version that the file names and adds the rest.
  if (result.code !== 0 && /EUSAGE[^]*Missing: .* from lock file/.test(result.output)) {
    console.log('  npm ci refuses a lock file without all platforms; using npm install …');
    result = await npm('install', '--no-save');
  }
  if (result.code !== 0) fail(`npm failed with code ${result.code}:\n${result.output}`);
}

/**
 * @param {string[]} words
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function npm(...words) {
  const { npm_execpath: running } = process.env;
  const [file, ...args] = running?.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm'];
  const child = spawn(file, [...args, ...words, '--include=dev', '--no-fund', '--no-audit'], {
    cwd: root,
    env: withoutNpmState(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, output: output + error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

/**
 * An npm that runs this script passes on what it was asked for; that is not meant for `ci`.
 * @param {NodeJS.ProcessEnv} env
 */
function withoutNpmState(env) {
  const state =
    /^(NODE_ENV|INIT_CWD|npm_(command|execpath|lifecycle_.*|package_.*|config_(dry_run|global|ignore_scripts|include_workspace_root|local_prefix|omit|only|prefix|production|workspaces?)))$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !state.test(name)));
}

/** @param {string} file @param {string[]} args */
function run(file, args) {
  const loader = createRequire(join(root, 'package.json')).resolve('tsx');
  const node = existsSync(shippedNode) ? shippedNode : process.execPath;
  const child = spawn(node, ['--import', pathToFileURL(loader).href, file, ...args], {
    // The channel tells the child when this process is gone, however it ended.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A Ctrl-C reaches the child from its terminal too, and twice is more than once for most
  // programs; `start` knows repetitions. Without a terminal, nobody else sends it.
  const { stdin, stdout, stderr } = process;
  const passOn = word === 'start' || ![stdin, stdout, stderr].some(({ isTTY }) => isTTY);
  process.on('SIGINT', () => passOn && child.kill('SIGINT'));
  process.on('SIGHUP', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  if (process.env['npm_lifecycle_event'] !== undefined) followNpm(child);
  child.once('error', (error) => fail(error.message));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * Lets the child go when the npm that runs this script was killed: no Ctrl-C would reach it.
 * @param {import('node:child_process').ChildProcess} child
 */
function followNpm(child) {
  const above = processAbove(process.ppid);
  const npm = /^(ba|da|z|k)?sh$/.test(above.name) ? above.parent : process.ppid;
  setInterval(() => {
    if (child.connected && !exists(npm)) child.disconnect();
  }, 1000).unref();
}

/**
 * Name and parent of a process; npm runs a script in a shell, which may stay in between.
 * @param {number} pid
 */
function processAbove(pid) {
  const stat = read(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    const [, name = '', parent = '0'] = /\((.*)\) \S (\d+)/.exec(stat) ?? [];
    return { name, parent: Number(parent) };
  }
  const { stdout } = spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const [parent = '0', command = ''] = stdout.trim().split(/\s+/);
  return { name: basename(command), parent: Number(parent) };
}

/** @param {number} pid */
function exists(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} sentence */
function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
