/** `npm run verify` on the system of the bench. */
import { runCommand } from '@outcry/local/processes/run-command.ts';
import { typescriptArguments } from '../bench/typescript-process.ts';
import type { FaultSystem } from './fault-system.ts';

const TOOL = new URL('../../archival-worker/run-verify.ts', import.meta.url);
const WITHIN_MS = 300_000;

/** @throws Error with what it found when not everything agrees */
export async function verify(system: FaultSystem): Promise<void> {
  const { code, output } = await runCommand(process.execPath, typescriptArguments(TOOL), {
    env: {
      PATH: process.env['PATH'],
      REDIS_URL: system.url('redis'),
      NATS_URL: system.url('nats'),
      DATABASE_URL: system.url('postgres'),
    },
    withinMs: WITHIN_MS,
  });
  if (code !== 0) throw new Error(`npm run verify:\n${output}`);
}
