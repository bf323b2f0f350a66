/** The Compose installation in an engine, from a copy of the checkout, driven by the docs' own lines. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { copyCheckout } from './checkout.ts';
import type { Engine } from './engine.ts';
import { shippedImages } from './shipped-images.ts';

const FILE = 'infrastructure/docker/compose.yaml';
/** One's own installation on this machine has another name, so its data are not ours to lose. */
const PROJECT = 'outcry-deployed-test';

export type Deployment = Awaited<ReturnType<typeof prepareDeployment>>;

/** Nothing runs yet. @param base as `withCompose` gives it */
export async function prepareDeployment({ docker }: Engine, base: NodeJS.ProcessEnv) {
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
    /** The copy of the checkout. */
    folder: checkout.sources,
    /** What this machine made necessary to change in the Compose file, each with its reason. */
    overrides,
    /** Runs shell lines in the copy, as printed in the docs. @throws Error with the output */
    type,
    compose,
    /** The variables of a file of `infrastructure/docker/secrets`. */
    secrets: (name: string) => checkout.secrets('infrastructure/docker/secrets', name),
    /** Names of the Compose file's services that run for good. */
    services: async () => (await listed('{{.Label "com.docker.compose.service"}}')).toSorted(),
    /** SIGKILL to a service's first process, which Docker takes for a crash and restarts. */
    async kill(service: string): Promise<void> {
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
    /** Waits until every container is healthy. @throws Error that names those that are not */
    async healthy(): Promise<void> {
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
    /** Containers, networks and volumes are gone afterwards. */
    async remove(): Promise<void> {
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
async function writeOverrides(folder: string, docker: string, env: NodeJS.ProcessEnv) {
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
  const why = `this machine's root may not have ${OPEN_FILES} open files`;
  return { file, overrides: isRefused ? [`\`ulimits.nofile\` is ${limit}: ${why}`] : [] };
}
