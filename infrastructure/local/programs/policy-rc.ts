import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';

const MARK = '# outcry: temporary, no daemon starts while a package is installed';

/**
 * Runs `work` while Debian's packages are told not to start their daemons: the file that answers
 * this question says no for the time and is put back afterwards.
 *
 * @param policy the file; another one in tests
 */
export async function withoutDaemonStarts<T>(
  work: () => Promise<T>,
  policy = '/usr/sbin/policy-rc.d',
): Promise<T> {
  // A run that was killed half-way has left its own answer behind and, where there was one, the
  // machine's answer under the other name.
  await putBack(policy);
  if ((await read(policy)) !== undefined) await rename(policy, savedName(policy));
  await writeFile(policy, `#!/bin/sh\n${MARK}\nexit 101\n`);
  await chmod(policy, 0o755);
  try {
    return await work();
  } finally {
    await putBack(policy);
  }
}

async function putBack(policy: string): Promise<void> {
  if ((await read(policy))?.includes(MARK) === true) await rm(policy, { force: true });
  if ((await read(savedName(policy))) !== undefined) await rename(savedName(policy), policy);
}

function savedName(policy: string): string {
  return `${policy}.outcry-saved`;
}

const read = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch(() => undefined);
