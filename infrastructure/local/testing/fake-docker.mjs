#!/usr/bin/env node
// Does what the launcher asks of `docker`, with processes of this machine instead of containers:
// a client in the foreground, and a server that outlives the client when that is killed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const state = join(dirname(fileURLToPath(import.meta.url)), 'containers');
mkdirSync(state, { recursive: true });
const [word, ...args] = process.argv.slice(2);
const name = word === 'run' ? valueAfter('--name') : args.at(-1);
const pidFile = join(state, String(name));

if (word === 'info') console.log('fake');
if (word === 'run') runServer();
if (word === 'inspect') console.log(pid() ?? process.exit(1));
if (word === 'kill' || word === 'rm') {
  const running = pid();
  if (running !== undefined) process.kill(running, 'SIGKILL');
  rmSync(pidFile, { force: true });
}

function runServer() {
  // docker run … -v <outside>:/data … <image> redis-server <arguments>
  const [data = ''] = valueAfter('-v').split(':');
  const [file = '', ...options] = args.slice(args.indexOf('redis-server'));
  const server = spawn(file, [...options, '--dir', data], {
    detached: true,
    stdio: 'ignore',
  });
  writeFileSync(pidFile, String(server.pid));
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  server.once('exit', (code) => {
    rmSync(pidFile, { force: true });
    process.exit(code ?? 137);
  });
}

/** @param {string} option */
function valueAfter(option) {
  return args[args.indexOf(option) + 1] ?? '';
}

function pid() {
  return existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : undefined;
}
