/** Finds the running system: the one that `npm start` runs, or the one the environment names. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { readRunFile } from '@outcry/local/run-file.ts';
import { PlainError } from '../command-line.ts';
import type { DemoSettings } from '../config.ts';

export interface RunningSystem {
  readonly gatewayUrl: string;
  readonly historyUrl: string;
  /** Undefined when nobody says where Postgres is: then only the history API is asked. */
  readonly databaseUrl: string | undefined;
  readonly webUrl: string | undefined;
}

/** There is no system to show; the message tells a person what to do. */
export class NoSystemError extends PlainError {
  override readonly name = 'NoSystemError';
}

const RUN_FILE = join(fileURLToPath(new URL('../../', import.meta.url)), '.local', 'run.json');
const DEFAULT_GATEWAY_URL = 'http://127.0.0.1:8080';

/** @throws NoSystemError when nothing answers, or it gives out no tokens for demo users */
export async function findSystem(settings: DemoSettings): Promise<RunningSystem> {
  const run = settings.GATEWAY_URL === undefined ? await readRunFile(RUN_FILE) : undefined;
  const gatewayUrl = settings.GATEWAY_URL ?? run?.urls['api-gateway'] ?? DEFAULT_GATEWAY_URL;
  const config = await new OutcryClient({ gatewayUrl, retries: 1 })
    .config()
    .catch((error: unknown) => {
      const reason = error instanceof OutcryError ? error.problem.detail : String(error);
      throw new NoSystemError(
        `No gateway answers at ${gatewayUrl}: run \`npm start\` first, in another terminal. (${reason})`,
      );
    });
  if (config.authMode !== 'dev') {
    throw new NoSystemError(
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
