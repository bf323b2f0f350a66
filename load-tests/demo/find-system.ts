/** Finds the running system: the one that `npm start` runs, or the one the environment names. */
import { join } from 'node:path';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { readRunFile } from '@outcry/local/run-file.ts';
import { errorText, PlainError } from '../command-line.ts';
import type { DemoSettings } from '../config.ts';
import { ROOT } from '../system/test-bed.ts';

export interface RunningSystem {
  readonly gatewayUrl: string;
  readonly historyUrl: string;
  /** Undefined when nobody says where Postgres is: then only the history API is asked. */
  readonly databaseUrl: string | undefined;
  readonly webUrl: string | undefined;
}

const RUN_FILE = join(ROOT, '.local', 'run.json');
const DEFAULT_GATEWAY_URL = 'http://127.0.0.1:8080';

/** @throws PlainError when nothing answers, or it gives out no tokens for demo users */
export async function findSystem(settings: DemoSettings): Promise<RunningSystem> {
  const run = settings.GATEWAY_URL === undefined ? await readRunFile(RUN_FILE) : undefined;
  const gatewayUrl = settings.GATEWAY_URL ?? run?.urls['api-gateway'] ?? DEFAULT_GATEWAY_URL;
  const asked = new OutcryClient({ gatewayUrl, retries: 1 }).config();
  const config = await asked.catch((error: unknown) => {
    const reason = error instanceof OutcryError ? error.problem.detail : errorText(error);
    throw new PlainError(
      `No gateway answers at ${gatewayUrl}: run \`npm start\` first, in another terminal. (${reason})`,
    );
  });
  if (config.auth.mode !== 'dev') {
    throw new PlainError(
      `The gateway at ${gatewayUrl} gives out no tokens for demo users (AUTH_MODE is not dev).`,
    );
  }
  return {
    gatewayUrl,
    historyUrl: run?.urls['archival-worker'] ?? config.historyUrl,
    databaseUrl: settings.DATABASE_URL ?? run?.urls['postgres'],
    webUrl: run?.urls['web'],
  };
}
