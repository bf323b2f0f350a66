/** What the command-line tools have in common. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRunFile } from '@outcry/local/run-file.ts';
import { ConfigError } from '@outcry/shared/runtime/config.ts';
import { createLogger, type Logger } from '@outcry/shared/runtime/logger.ts';
import { toolSettings, type ToolSettings } from './config.ts';
import { surviveLostSockets } from './lost-socket.ts';

const RUN_FILE = join(fileURLToPath(new URL('..', import.meta.url)), '.local', 'run.json');

/** The tool cannot do what it was asked for; the message says all that there is to say. */
export class UsageError extends Error {}

/** @param settings those of the environment, or of the system that runs here */
export type ToolWork = (settings: ToolSettings, log: Logger) => Promise<void>;

type ErrorClass = abstract new (...parts: never[]) => Error;

/**
 * Runs a tool; exit code 1 when it fails.
 * @param asked what the command line asks for
 * @param plain errors of which the message is enough
 */
export async function runTool(
  name: string,
  asked: () => ToolWork,
  plain: readonly ErrorClass[] = [],
): Promise<void> {
  try {
    const work = asked();
    const settings = toolSettings(name, (await readRunFile(RUN_FILE))?.urls);
    const log = createLogger(name, settings.LOG_LEVEL);
    surviveLostSockets(log);
    await work(settings, log);
  } catch (error) {
    const isPlain = [ConfigError, UsageError, ...plain].some((kind) => error instanceof kind);
    console.error(isPlain && error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
