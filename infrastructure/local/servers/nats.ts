import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { obtainNats, type Program } from '../programs/programs.ts';
import { ask } from './ask.ts';
import { inContainer } from './container.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { type ServerRecipe, startOnPort } from './run-server.ts';
import { shippedFile } from './shipped-settings.ts';

export interface NatsOptions extends ServerOptions {
  /** Further lines of the configuration file, at its top level. */
  config?: string;
}

/**
 * Starts a NATS server with the settings that ship, on its data folder; resolves when it answers.
 * One older than 2.10 does not know `sync_interval`, and goes without.
 *
 * @throws PortTakenError; Error when NATS cannot be obtained or does not come up
 */
export async function startNats(options: NatsOptions): Promise<LocalServer> {
  const program = options.program ?? (await obtainNats(options.say));
  const dataDir = resolve(options.dataDir);
  await mkdir(join(dataDir, 'jetstream'), { recursive: true });
  return startOnPort(options.port, (port) => recipe(program, dataDir, port, options));
}

async function recipe(
  program: Program,
  dataDir: string,
  port: number,
  options: NatsOptions,
): Promise<ServerRecipe> {
  // Tells this server from another one on the same port.
  const folder = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const serverName = `outcry-${folder}-${port}`;
  const isInside = program.kind === 'container';
  const config = join(dataDir, 'nats.conf');
  await writeFile(
    config,
    configuration(
      {
        server_name: serverName,
        listen: `${isInside ? '0.0.0.0' : '127.0.0.1'}:${port}`,
        store_dir: isInside ? '/data' : dataDir,
      },
      { ...options, knowsSyncInterval: isInside || (await knowsSyncInterval(program.path)) },
    ),
  );
  const common = {
    name: 'nats',
    url: `nats://127.0.0.1:${port}`,
    port,
    log: options.log ?? join(dataDir, 'nats.log'),
    stopSignal: 'SIGTERM' as const,
    answers: () => answers(port, serverName),
  };
  if (program.kind === 'file') {
    return { ...common, process: { file: program.path, args: ['--config', config] } };
  }
  const args = ['nats-server', '--config', '/data/nats.conf'];
  const run = { mounts: { [dataDir]: '/data' }, args };
  return { ...common, ...inContainer(program, 'nats', dataDir, port, run) };
}

/** The shipped file, with other addresses. Monitoring and users: who wants them gives them in `config`. */
function configuration(
  own: Readonly<Record<string, string>>,
  { config = '', knowsSyncInterval: syncs }: NatsOptions & { readonly knowsSyncInterval: boolean },
): string {
  const lines = shippedFile('nats')
    .split('\n')
    .filter((line) => !/^(?:http|include)\b/.test(line))
    .filter((line) => syncs || !line.includes('sync_interval:'))
    .map((line) => {
      const [, indent = '', name = ''] = /^( *)(\w+): /.exec(line) ?? [];
      const value = own[name];
      return value === undefined ? line : `${indent}${name}: ${JSON.stringify(value)}`;
    });
  return [...lines, config, ''].join('\n');
}

async function knowsSyncInterval(program: string): Promise<boolean> {
  const { output } = await runCommand(program, ['--version']);
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(output) ?? [];
  return Number(major) > 2 || Number(minor) >= 10;
}

// A NATS server greets with one line, `INFO {…}`, when its streams are recovered.
async function answers(port: number, serverName: string): Promise<boolean> {
  const greeting = await ask(port, '', (text) => text.includes('\r\n'));
  return greeting?.startsWith('INFO ') === true && greeting.includes(`"${serverName}"`);
}
