import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../programs/programs.ts';

/** A stand-in for Redis's image, run by a stand-in for Docker that is put into `folder`. */
export async function redisInFakeDocker(folder: string): Promise<Program> {
  const docker = join(folder, 'docker.mjs');
  await copyFile(fileURLToPath(new URL('fake-docker.mjs', import.meta.url)), docker);
  await chmod(docker, 0o755);
  return { kind: 'container', docker, image: 'redis:7.4-alpine' };
}
