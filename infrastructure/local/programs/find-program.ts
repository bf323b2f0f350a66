import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

// Where package managers put servers that an ordinary user's PATH does not name.
const WELL_KNOWN = [
  '/usr/local/bin',
  '/usr/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/snap/bin',
];

/**
 * Looks for a program on PATH, then in well-known folders.
 *
 * @param names names that the program goes by, best first
 * @param extra further folders, looked at last
 * @returns its absolute path, or `undefined`
 */
export async function findProgram(
  names: readonly string[],
  extra: readonly string[] = [],
): Promise<string | undefined> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = new Set([...onPath, ...WELL_KNOWN, ...extra]);
  for (const name of names) {
    for (const folder of folders) {
      const candidate = join(folder, name);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

/** Folders where `go install` puts programs. */
export function goFolders(): string[] {
  const { GOBIN, GOPATH } = process.env;
  const folders = [join(homedir(), 'go', 'bin')];
  if (GOPATH !== undefined && GOPATH !== '') folders.unshift(join(GOPATH, 'bin'));
  if (GOBIN !== undefined && GOBIN !== '') folders.unshift(GOBIN);
  return folders;
}

/** Folders where Debian and brew keep Postgres's programs, newest version first. */
export async function postgresFolders(): Promise<string[]> {
  const debian = await versionsIn('/usr/lib/postgresql', (version) => `${version}/bin`);
  const brew = [
    '/opt/homebrew/opt/postgresql',
    '/usr/local/opt/postgresql',
    '/Applications/Postgres.app/Contents/Versions/latest',
  ];
  const brewVersions = [17, 16, 15].flatMap((version) => [
    `/opt/homebrew/opt/postgresql@${version}`,
    `/usr/local/opt/postgresql@${version}`,
  ]);
  return [...debian, ...[...brew, ...brewVersions].map((folder) => join(folder, 'bin'))];
}

/** Whether this user may run the file. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function versionsIn(folder: string, path: (version: string) => string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => /^\d+$/.test(name))
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(folder, path(version)));
}
