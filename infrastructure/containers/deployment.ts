/** The Compose installation in an engine, from a copy of the checkout, driven by the docs' own lines. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { Variables } from '../testing/secured-servers.ts';
import { copyCheckout } from './checkout.ts';
import type { Engine } from './engine.ts';
import { shippedImages } from './shipped-images.ts';

const FILE = 'infrastructure/docker/compose.yaml';
/** One's own installation on this machine has another name, so its data are not ours to lose. */
const PROJECT = 'outcry-deployed-test';

export interface Deployment {
  /** The copy of the checkout. */
  readonly folder: string;
  /** What this machine made necessary to change in the Compose file, each with its reason. */
  readonly overrides: readonly string[];
  /** Runs shell lines in the copy, as printed in the docs. @throws Error with the output */
  type(lines: string): Promise<string>;
  compose(...args: string[]): Promise<string>;
  /** The variables of a file of `infrastructure/docker/secrets`. */
  secrets(name: string): Promise<Variables>;
  /** Names of the Compose file's services that run for good. */
  services(): Promise<readonly string[]>;
  /** SIGKILL to a service's first process, which Docker takes for a crash and restarts. */
  kill(service: string): Promise<void>;
  /** Waits until every container is healthy. @throws Error that names those that are not */
  healthy(): Promise<void>;
  /** Containers, networks and volumes are gone afterwards. */
  remove(): Promise<void>;
}

/** Nothing runs yet. @param base as `withCompose` gives it */
export async function prepareDeployment(
  { docker }: Engine,
  base: NodeJS.ProcessEnv,
): Promise<Deployment> {
  const checkout = await copyCheckout();
  const { folder } = checkout;
  const { overrides, file } = await writeOverrides(folder, docker, base);
  const programs = join(folder, 'bin');
  await mkdir(programs);
  // The docs' lines name the Compose file alone.
  const shim = [
    '#!/bin/sh',
    `if [ "$1 $2 $3" = "compose --file ${FILE}" ]; then`,
    `  shift 3; set -- compose --file ${FILE} --file "${file}" "$@"`,
    'fi',
    `exec "${docker}" "$@"`,
  ];
  await writeFile(join(programs, 'docker'), `${shim.join('\n')}\n`);
  await chmod(join(programs, 'docker'), 0o755);
  const env = {
    ...base,
    COMPOSE_PROJECT_NAME: PROJECT,
    PATH: `${programs}${delimiter}${base['PATH'] ?? ''}`,
  };
  const type = (lines: string): Promise<string> => checkout.type(lines, env);
  const compose = (...args: string[]): Promise<string> =>
    type(['docker', 'compose', '--file', FILE, ...args].map(quoted).join(' '));
  const listed = async (format: string): Promise<string[]> =>
    (
      await type(`docker ps --all --filter label=com.docker.compose.project=${PROJECT} \
        --filter label=com.docker.compose.oneoff=False --format ${quoted(format)}`)
    )
      .split('\n')
      .filter((line) => line !== '');
  return {
    folder: checkout.sources,
    overrides,
    type,
    compose,
    secrets: (name) => checkout.secrets('infrastructure/docker/secrets', name),
    services: async () => (await listed('{{.Label "com.docker.compose.service"}}')).toSorted(),
    kill: async (service) => {
      const id = (await compose('ps', '--quiet', service)).trim();
      const pid = Number(await type(`docker inspect --format '{{.State.Pid}}' ${id}`));
      // `docker kill` would count as a stop by hand, after which nothing restarts it.
      process.kill(pid, 'SIGKILL');
      await waitUntil(
        async () => {
          const now = Number(await type(`docker inspect --format '{{.State.Pid}}' ${id}`));
          return now > 0 && now !== pid;
        },
        { withinMs: 30_000, everyMs: 200, what: `the restart of ${service}` },
      );
    },
    healthy: async () => {
      let rest: string[] = [];
      const look = async (): Promise<boolean> => {
        const all = await listed('{{.Label "com.docker.compose.service"}} {{.Status}}');
        rest = all.filter((line) => !/\(healthy\)|^migrate Exited \(0\)/.test(line));
        return all.length > 0 && rest.length === 0;
      };
      try {
        await waitUntil(look, { withinMs: 90_000, everyMs: 300, what: 'health' });
      } catch (error) {
        throw new Error(`not healthy: ${rest.join(', ')}`, { cause: error });
      }
    },
    remove: async () => {
      try {
        await compose('down', '--volumes', '--timeout', '5');
      } finally {
        await checkout.remove();
      }
    },
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

const OPEN_FILES = 65_536;
/** The services whose limit of open files the Compose file sets. */
const WITH_LIMIT = ['balancer', 'broadcaster-1', 'broadcaster-2'];

/** What the machine refuses of the Compose file: nothing, on most. */
async function writeOverrides(
  folder: string,
  docker: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly overrides: readonly string[]; readonly file: string }> {
  const file = join(folder, 'override.yaml');
  const { output } = await runCommand('sh', ['-c', 'ulimit -Hn']);
  const limit = output.trim() === 'unlimited' ? OPEN_FILES : Number(output);
  const [image = ''] = shippedImages();
  const tried = await runCommand(
    docker,
    ['run', '--rm', `--ulimit=nofile=${OPEN_FILES}:${OPEN_FILES}`, '--entrypoint=true', image],
    { env },
  );
  const isRefused = tried.code !== 0 && limit < OPEN_FILES;
  const nofile = { soft: limit, hard: limit };
  const services = Object.fromEntries(WITH_LIMIT.map((name) => [name, { ulimits: { nofile } }]));
  await writeFile(file, JSON.stringify({ services: isRefused ? services : {} }));
  return {
    file,
    overrides: isRefused
      ? [
          `\`ulimits.nofile\` is ${limit}: this machine's root may not have ${OPEN_FILES} open files`,
        ]
      : [],
  };
}
