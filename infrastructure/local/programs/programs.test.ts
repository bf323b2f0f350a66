import { beforeEach, expect, test, vi } from 'vitest';
import { findDocker, pullImage } from './docker.ts';
import { findEmbeddedPostgres } from './embedded-postgres.ts';
import { findProgram } from './find-program.ts';
import { obtainChromium, obtainPostgres, obtainRedis } from './programs.ts';
import { installPackage } from './system-packages.ts';

vi.mock('./docker.ts');
vi.mock('./embedded-postgres.ts');
vi.mock('./find-program.ts', () => ({
  findProgram: vi.fn<typeof findProgram>(),
  goFolders: () => [],
  postgresFolders: () => Promise.resolve([]),
  isExecutable: () => Promise.resolve(true),
}));
vi.mock('./system-packages.ts');

beforeEach(() => vi.resetAllMocks());

test('a program of this machine comes first', async () => {
  vi.mocked(findProgram).mockResolvedValue('/usr/bin/redis-server');
  expect(await obtainRedis()).toEqual({ kind: 'file', path: '/usr/bin/redis-server' });
  expect(findDocker).not.toHaveBeenCalled();
});

test('then Docker, where a daemon answers', async () => {
  vi.mocked(findDocker).mockResolvedValue('/usr/bin/docker');
  const container = { kind: 'container', docker: '/usr/bin/docker', image: 'redis:7.4-alpine' };
  expect(await obtainRedis()).toEqual(container);
  expect(pullImage).toHaveBeenCalledWith('/usr/bin/docker', 'redis:7.4-alpine');
  expect(installPackage).not.toHaveBeenCalled();
});

test('then the package manager', async () => {
  vi.mocked(installPackage).mockResolvedValue('/usr/bin/redis-server');
  expect(await obtainRedis()).toEqual({ kind: 'file', path: '/usr/bin/redis-server' });
});

test('and where nothing helps, one sentence says what to install', async () => {
  await expect(obtainRedis()).rejects.toThrow(
    'Redis (redis-server) was not found, no Docker daemon answers, and only root can install ' +
      'packages. Install it (sudo apt-get install redis-server, or brew install redis) or set ' +
      'its URL in the environment.',
  );
  await expect(obtainPostgres()).rejects.toThrow('Postgres was not found. Install it');
  await expect(obtainChromium()).rejects.toThrow('Chromium was not found. Install Chromium');
});

test('Postgres comes from npm where none is installed', async () => {
  vi.mocked(findEmbeddedPostgres).mockResolvedValue('/modules/native/bin');
  expect(await obtainPostgres()).toEqual({ kind: 'file', path: '/modules/native/bin/postgres' });
  vi.mocked(findProgram).mockResolvedValue('/usr/bin/postgres');
  expect(await obtainPostgres()).toEqual({ kind: 'file', path: '/usr/bin/postgres' });
});
