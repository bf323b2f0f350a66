/** Docker Compose 2, which Debian 12 does not have. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, runCommand } from '@outcry/local/processes/run-command.ts';
import { CACHE_FOLDER } from './cache-folder.ts';
import { obtainDebian } from './debian.ts';
import type { Engine } from './engine.ts';

const PLUGIN = 'usr/libexec/docker/cli-plugins/docker-compose';

/**
 * The environment in which `docker compose` is Compose 2 and reaches the engine. Where the client has
 * no such plugin, Debian 13's is put beside it, in the cache.
 *
 * @throws Error that says what to install
 */
export async function withCompose(engine: Engine): Promise<NodeJS.ProcessEnv> {
  if (await hasCompose(engine.docker, engine.environment)) return engine.environment;
  if (!engine.isOwn) throw new Error('`docker compose` is missing: install the plugin, version 2.');
  const config = join(CACHE_FOLDER, 'docker-config');
  const environment = { ...engine.environment, DOCKER_CONFIG: config };
  if (await hasCompose(engine.docker, environment)) return environment;
  const debian = await obtainDebian();
  const inDebian = (...line: string[]): Promise<string> => mustRun('chroot', [debian, ...line]);
  await inDebian('apt-get', 'update', '-q');
  await inDebian('sh', '-c', 'cd /tmp && apt-get download -q docker-compose');
  await inDebian('sh', '-c', 'dpkg-deb -x /tmp/docker-compose_*.deb /tmp/compose');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await copyFile(join(debian, 'tmp/compose', PLUGIN), join(config, 'cli-plugins/docker-compose'));
  if (await hasCompose(engine.docker, environment)) return environment;
  throw new Error('`docker compose` is missing: install the package docker-compose of Debian 13.');
}

async function hasCompose(docker: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { code, output } = await runCommand(docker, ['compose', 'version', '--short'], { env });
  return code === 0 && Number.parseInt(output.replace(/^v/, ''), 10) >= 2;
}
