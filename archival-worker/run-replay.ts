/**
 * `npm run replay`: has the workers read the event stream again from its first message, for when Postgres was
 * restored from a backup. What the archive has already is ignored. Exit code 0 when they do, 1 when NATS could not be
 * asked.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRunFile } from '@outcry/local/run-file.ts';
import { ConfigError } from '@outcry/shared/runtime/config.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { toolSettings } from './config.ts';
import { runReplay } from './create-replay.ts';

const RUN_FILE = join(fileURLToPath(new URL('..', import.meta.url)), '.local', 'run.json');

try {
  const settings = toolSettings('replay', (await readRunFile(RUN_FILE))?.urls);
  const messages = await runReplay(settings, createLogger('replay', settings.LOG_LEVEL));
  console.log(`The workers read ${messages} messages again.`);
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}
