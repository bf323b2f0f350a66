import { createHash } from 'node:crypto';
import type { ProcessRecipe } from '../processes/guarded-process.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Program } from '../programs/programs.ts';

/** A container by name, and the Docker client that reaches it. */
export interface Container {
  docker: string;
  name: string;
}

export interface ContainerRun {
  /** Folders and files of this machine and where they appear inside. */
  mounts: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  /** Further options of `docker run`. */
  options?: readonly string[];
  /** The command line inside. */
  args: readonly string[];
}

/**
 * A server in a container: `docker run` in the foreground, whose client ends with the container and passes
 * signals on. A client that is killed leaves the container behind, hence the command for the watchdog. The
 * container's name is always the same for one data folder and port.
 *
 * @param port TCP port, the same inside and outside, so that URLs are the same too
 */
export function inContainer(
  { docker, image }: Extract<Program, { kind: 'container' }>,
  server: string,
  dataDir: string,
  port: number,
  { mounts, env = {}, options = [], args }: ContainerRun,
): { container: Container; process: Omit<ProcessRecipe, 'log'> } {
  const folder = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  const name = `outcry-${server}-${folder}-${port}`;
  const run = ['run', '--rm', '--name', name, '--publish', `127.0.0.1:${port}:${port}`];
  return {
    container: { docker, name },
    process: {
      file: docker,
      args: [
        ...run,
        ...Object.entries(mounts).flatMap(([outside, inside]) => ['-v', `${outside}:${inside}`]),
        ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...ownerOptions(),
        ...options,
        image,
        ...args,
      ],
      orphanCommand: [docker, 'rm', '--force', name],
    },
  };
}

// On Linux the images would give the data to accounts of theirs, and its owner could neither
// delete it nor append to a log beside it. Docker on macOS maps the owner itself.
function ownerOptions(): string[] {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (process.platform !== 'linux' || uid === undefined || uid === 0) return [];
  return ['--user', `${uid}:${gid}`, '-v', '/etc/passwd:/etc/passwd:ro'];
}

/** Number of the container's main process on the Docker host. */
export async function containerPid({ docker, name }: Container): Promise<number | undefined> {
  const { output } = await runCommand(docker, ['inspect', '--format', '{{.State.Pid}}', name]);
  const pid = Number.parseInt(output, 10);
  return pid > 0 ? pid : undefined;
}

/** SIGKILL to the container. One that is gone is no error. */
export async function killContainer({ docker, name }: Container): Promise<void> {
  await runCommand(docker, ['kill', '--signal', 'KILL', name]);
}

/** Removes what an earlier run that was killed left under the name. */
export async function removeContainer({ docker, name }: Container): Promise<void> {
  await runCommand(docker, ['rm', '--force', name]);
}
