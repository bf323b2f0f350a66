import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { obtainNats, type Program } from '../programs/programs.ts';
import { ask } from './ask.ts';
import { containerName, containerProcess } from './container.ts';
import type { LocalServer, ServerOptions } from './local-server.ts';
import { type ServerRecipe, startOnPort } from './run-server.ts';

export interface NatsOptions extends ServerOptions {
  /** Further lines of the configuration file, at its top level. */
  config?: string;
  /** Further lines of its `jetstream` block, such as `sync_interval: always` (2.10 and later). */
  jetstream?: string;
}

/**
 * Starts a NATS server with JetStream on its data folder; resolves when it answers.
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
  const inContainer = program.kind === 'container';
  const config = join(dataDir, 'nats.conf');
  await writeFile(
    config,
    [
      `server_name: "${serverName}"`,
      `listen: "${inContainer ? '0.0.0.0' : '127.0.0.1'}:${port}"`,
      'jetstream {',
      `  store_dir: ${JSON.stringify(inContainer ? '/data' : dataDir)}`,
      options.jetstream ?? '',
      '}',
      options.config ?? '',
      '',
    ].join('\n'),
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
  const container = { docker: program.docker, name: containerName('nats', dataDir, port) };
  return {
    ...common,
    container,
    process: containerProcess(container, {
      image: program.image,
      port,
      mounts: { [dataDir]: '/data' },
      args: ['nats-server', '--config', '/data/nats.conf'],
    }),
  };
}

// A NATS server greets with one line, `INFO {…}`, when its streams are recovered.
async function answers(port: number, serverName: string): Promise<boolean> {
  const greeting = await ask(port, '', (text) => text.includes('\r\n'));
  return greeting?.startsWith('INFO ') === true && greeting.includes(`"${serverName}"`);
}
