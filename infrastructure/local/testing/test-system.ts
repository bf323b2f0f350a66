/** The whole system, built, on free ports and in a folder of its own, for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScript } from '../build-and-migrate.ts';
import { startSystem, type System, type SystemOptions } from '../start-system.ts';

const ROOT = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

export interface TestSystem extends System {
  readonly folder: string;
}

/**
 * Starts everything `npm start` starts, from what `npm run build` built. Parts that are killed are
 * started again, as they are for users.
 */
export async function startTestSystem(
  options: Pick<SystemOptions, 'issuer' | 'ports' | 'env'> = {},
): Promise<TestSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-system-'));
  const system = await startSystem({
    root: ROOT,
    folder,
    ...options,
    env: { PATH: process.env['PATH'], ...options.env },
    prepare: ({ databaseUrl }) =>
      runScript('migrate', {
        root: ROOT,
        log: join(folder, 'logs', 'migrate.log'),
        env: { DATABASE_URL: databaseUrl },
      }),
  });
  return {
    ...system,
    folder,
    stop: async () => {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
