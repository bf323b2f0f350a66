import { lastLines, runCommand } from '../processes/run-command.ts';
import { findProgram } from './find-program.ts';

/** The Docker client's path when a daemon answers it, else `undefined`. */
export async function findDocker(): Promise<string | undefined> {
  const docker = await findProgram(['docker']);
  if (docker === undefined) return undefined;
  const { code } = await runCommand(docker, ['info', '--format', '{{.ID}}'], { withinMs: 5000 });
  return code === 0 ? docker : undefined;
}

/**
 * Makes sure that an image is on this machine.
 *
 * @throws Error with the last lines of Docker's output when the download fails
 */
export async function pullImage(docker: string, image: string): Promise<void> {
  const present = await runCommand(docker, ['image', 'inspect', image], { withinMs: 10_000 });
  if (present.code === 0) return;
  const pull = await runCommand(docker, ['pull', '--quiet', image], { withinMs: 600_000 });
  if (pull.code !== 0) {
    throw new Error(`Docker could not download ${image}:\n${lastLines(pull.output, 5)}`);
  }
}
