/** Puts the official images that ship into the engine, or stand-ins where no registry gives them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  type CommandOptions,
  type CommandResult,
  mustRun,
  runCommand,
} from '@outcry/local/processes/run-command.ts';
import { obtainTool } from '@outcry/local/programs/programs.ts';
import { ROOT } from '../testing/secured-servers.ts';
import { CACHE_FOLDER } from './cache-folder.ts';
import { mirrors, obtainDebian } from './debian.ts';
import type { Engine } from './engine.ts';
import { shippedImages } from './shipped-images.ts';

const MINUTES_MS = 600_000;
const DEBIAN = 'outcry.test/debian:trixie';
/** Says which state of the folder `stand-ins` an image was made from. */
const LABEL = 'outcry.stand-in';
const STAND_INS = fileURLToPath(new URL('stand-ins', import.meta.url));

/** How each says its version, by its name without place and tag: also the stand-in's target. */
const VERSION_OF: Readonly<Record<string, string>> = {
  alertmanager:
    '(prometheus-alertmanager --version || alertmanager --version) 2> /dev/null | head -n 1',
  grafana: 'cat /www/api/health 2> /dev/null || grafana-server -v',
  nats: 'nats-server --version',
  nginx: 'nginx -v 2>&1',
  node: 'node --version',
  postgres: 'postgres --version',
  prometheus: 'prometheus --version | head -n 1',
  redis: 'redis-server --version',
};

export interface BaseImage {
  /** Name and tag that ship. */
  readonly image: string;
  readonly isStandIn: boolean;
  /** What the program in it says. */
  readonly version: string;
}

/**
 * Official images are pulled; what the cache has is taken as it is.
 *
 * @param environment as `withCompose` gives it
 * @throws Error when a registry fails and the engine is somebody else's, where a stand-in under an
 *   official name would deceive them
 */
export async function obtainBaseImages(
  engine: Engine,
  environment: NodeJS.ProcessEnv,
): Promise<readonly BaseImage[]> {
  const docker = (...args: string[]): Promise<CommandResult> =>
    runCommand(engine.docker, args, { env: environment, withinMs: MINUTES_MS });
  const images = shippedImages();
  const failure = await pullMissing(images, docker);
  if (failure !== undefined) {
    if (!engine.isOwn) throw new Error(`Docker could not download images:\n${failure}`);
    await makeStandIns(images, (...args) => run(engine.docker, args, { env: environment }));
  }
  return Promise.all(
    images.map(async (image) => {
      const line = VERSION_OF[kindOf(image)] ?? 'echo unknown';
      const run = ['run', '--rm', '--network=none', '--entrypoint=sh', image, '-c', line];
      const { output } = await docker(...run);
      const label = await labelOf(image, docker);
      return { image, isStandIn: label !== '', version: output.trim() };
    }),
  );
}

/** A download of half a minute takes several on a busy machine. */
const run = (
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> => mustRun(file, args, { ...options, withinMs: MINUTES_MS });

type Docker = (...args: string[]) => Promise<CommandResult>;

const kindOf = (image: string): string => /([a-z]+):[^/]*$/.exec(image)?.[1] ?? image;
const tagOf = (image: string): string => /:v?([\d.]+)/.exec(image)?.[1] ?? '';

/** The state of the folder `stand-ins`. */
function stateOfStandIns(): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(STAND_INS).toSorted()) {
    hash.update(name).update(readFileSync(join(STAND_INS, name)));
  }
  return hash.digest('hex');
}

/** '' for an official image, `undefined` where there is none. */
async function labelOf(image: string, docker: Docker): Promise<string | undefined> {
  const format = `--format={{index .Config.Labels "${LABEL}"}}`;
  const { code, output } = await docker('image', 'inspect', format, image);
  return code === 0 ? output.trim() : undefined;
}

/** @returns what went wrong first; `undefined` when all are here, official or our stand-ins */
async function pullMissing(images: readonly string[], docker: Docker): Promise<string | undefined> {
  for (const image of images) {
    const label = await labelOf(image, docker);
    if (label === '' || label === stateOfStandIns()) continue;
    const { code, output } = await docker('pull', '--quiet', image);
    if (code !== 0) return output;
  }
  return undefined;
}

/** @param docker throws when it fails */
async function makeStandIns(
  images: readonly string[],
  docker: (...args: string[]) => Promise<string>,
): Promise<void> {
  const context = join(CACHE_FOLDER, 'stand-ins');
  await rm(context, { recursive: true, force: true });
  await cp(STAND_INS, context, { recursive: true });
  await copyFile('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt'));
  const archive = join(context, 'debian.tar');
  await run('tar', ['-C', await obtainDebian(), '--exclude=./tmp/*', '-cf', archive, '.']);
  await docker('import', archive, DEBIAN);
  await rm(archive);
  const versionOf = (kind: string): string =>
    tagOf(images.find((image) => kindOf(image) === kind) ?? '');
  await unpack(`node-linux-${process.arch}@${versionOf('node')}`, context, 'node');
  await unpack(manifest.parse(readJson('package.json')).packageManager, context, 'npm');
  await run(
    await obtainTool('go'),
    ['install', '-trimpath', `github.com/nats-io/nats-server/v2@v${versionOf('nats')}`],
    { env: { ...process.env, GOBIN: context, CGO_ENABLED: '0' } },
  );
  const { security } = await mirrors();
  const labels = { [LABEL]: stateOfStandIns() };
  const args = { SECURITY_MIRROR: security };
  const services = images.map((image) => {
    const target = kindOf(image);
    return [target, { image, build: { context, target, args, labels } }] as const;
  });
  // JSON is YAML.
  const file = join(context, 'compose.json');
  const name = 'outcry-stand-ins';
  await writeFile(file, JSON.stringify({ name, services: Object.fromEntries(services) }));
  await docker('compose', '--progress=plain', '--file', file, 'build');
}

const manifest = z.object({ packageManager: z.string() });
const readJson = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

/** Puts a package of npm's registry into a folder. */
async function unpack(name: string, context: string, folder: string): Promise<void> {
  const file = (await run('npm', ['pack', '--silent', name], { cwd: context })).trim();
  await mkdir(join(context, folder));
  await run('tar', ['xzf', file, '-C', folder, '--strip-components=1'], { cwd: context });
  await rm(join(context, file));
}
