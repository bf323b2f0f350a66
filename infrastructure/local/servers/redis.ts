import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { obtainRedis, type Program } from '../programs/programs.ts';
import { ask } from './ask.ts';
import { inContainer } from './container.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { type ServerRecipe, startOnPort } from './run-server.ts';
import { shippedSettings } from './shipped-settings.ts';

export interface RedisOptions extends ServerOptions {
  /** Redis's `maxmemory`, such as `64mb` (default: no bound). */
  maxmemory?: string;
  /** Further arguments, such as `['--cluster-enabled', 'yes']`. Later ones win. */
  args?: readonly string[];
}

/**
 * Starts a Redis with the settings that ship: it fsyncs every write before it answers and never
 * evicts. Resolves when it answers. Its data folder keeps its data over restarts.
 *
 * @throws PortTakenError; Error when Redis cannot be obtained or does not come up
 */
export async function startRedis(options: RedisOptions): Promise<LocalServer> {
  const program = options.program ?? (await obtainRedis(options.say));
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  return startOnPort(options.port, (port) => recipe(program, dataDir, port, options));
}

function recipe(
  program: Program,
  dataDir: string,
  port: number,
  options: RedisOptions,
): ServerRecipe {
  const common = {
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    port,
    log: options.log ?? join(dataDir, 'redis.log'),
    stopSignal: 'SIGTERM' as const,
    answers: (pid: number | undefined) => answers(port, pid),
  };
  if (program.kind === 'file') {
    const args = ['--bind', '127.0.0.1', '--dir', dataDir, ...settings(port, options)];
    return { ...common, process: { file: program.path, args } };
  }
  // Inside, connections come from Docker's bridge; outside, only 127.0.0.1 is published.
  const args = ['redis-server', '--protected-mode', 'no', ...settings(port, options)];
  const run = { mounts: { [dataDir]: '/data' }, args };
  return { ...common, ...inContainer(program, 'redis', dataDir, port, run) };
}

// As it ships, but for a bound of memory and the users file: who wants them says so.
function settings(port: number, { maxmemory = '0', args = [] }: RedisOptions): string[] {
  const { aclfile: _, ...shipped } = shippedSettings('redis');
  const all = { ...shipped, port: String(port), daemonize: 'no', maxmemory };
  const lines = Object.entries(all).map(([name, value]) => `--${name} ${value}`);
  return [...lines.flatMap((line) => line.split(' ')), ...args];
}

// While it reads its data it answers -LOADING; with a password in `args` it answers -NOAUTH.
async function answers(port: number, pid: number | undefined): Promise<boolean> {
  const answer = await ask(port, 'PING\r\nINFO server\r\nQUIT\r\n', (text) =>
    /^-|\+OK\r\n$/.test(text),
  );
  if (answer === undefined) return false;
  if (answer.startsWith('-NOAUTH')) return true;
  if (!answer.startsWith('+PONG')) return false;
  return pid === undefined || answer.includes(`process_id:${pid}\r\n`);
}
