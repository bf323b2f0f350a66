import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';

const POLICY = '/usr/sbin/policy-rc.d';
const SAVED = `${POLICY}.outcry-saved`;
const MARK = '# outcry: temporary, no daemon starts while a package is installed';

/**
 * Runs `work` while Debian's packages are told not to start their daemons: the file that answers
 * this question says no for the time and is put back afterwards.
 */
export async function withoutDaemonStarts<T>(work: () => Promise<T>): Promise<T> {
  // A run that was killed half-way has left its own answer behind and, where there was one, the
  // machine's answer under the other name.
  await putBack();
  if ((await read(POLICY)) !== undefined) await rename(POLICY, SAVED);
  await writeFile(POLICY, `#!/bin/sh\n${MARK}\nexit 101\n`);
  await chmod(POLICY, 0o755);
  try {
    return await work();
  } finally {
    await putBack();
  }
}

async function putBack(): Promise<void> {
  if ((await read(POLICY))?.includes(MARK) === true) await rm(POLICY, { force: true });
  if ((await read(SAVED)) !== undefined) await rename(SAVED, POLICY);
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}
