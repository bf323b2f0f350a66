/** What the programs in this folder have in common: their command line, their stop, their end. */
import { setMaxListeners } from 'node:events';
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Something that a person can mend; the message says what, and is all that is shown. */
export class PlainError extends Error {
  override readonly name: string = 'PlainError';
}

/** The command line cannot be used; the message says why. */
export class UsageError extends PlainError {
  override readonly name = 'UsageError';
}

/** `parseArgs` of Node. @throws UsageError */
export function readArguments<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** A whole number within bounds. @throws UsageError */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${most}`);
}

/**
 * The names asked for, each once; all that there are when none is.
 *
 * @param kind what they are names of, in one word
 * @throws UsageError that says what there is
 */
export function chosenNames<T extends string>(
  kind: string,
  asked: readonly string[],
  known: readonly T[],
): readonly T[] {
  const unknown = asked.filter((name) => !known.some((each) => each === name));
  if (unknown.length > 0) {
    throw new UsageError(
      `no ${kind} is called ${unknown.join(', ')}; there are ${known.join(', ')}`,
    );
  }
  return asked.length === 0 ? known : known.filter((name) => asked.includes(name));
}

const EXIT_STOPPED = 130;
/** A terminal, npm and the bootstrap may each pass on the same Ctrl-C. */
const SAME_SIGNAL_MS = 500;

/**
 * Runs a program and ends this process with code 0, with 1 when `run` gives false or fails, and with
 * 130 when it was stopped. The first Ctrl-C aborts the signal, so that what was started is ended in
 * order; a second one ends this process at once, and the watchdog what it has started.
 *
 * @param usage shown for `--help`, and below what is wrong with the command line
 * @param run is given the arguments behind the program's name
 */
export async function runProgram(
  usage: string,
  run: (args: string[], signal: AbortSignal) => Promise<boolean>,
): Promise<never> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  const stopping = new AbortController();
  // Many loops may wait with it at once.
  setMaxListeners(0, stopping.signal);
  let stoppedAt: number | undefined;
  const stop = (): void => {
    if (stoppedAt === undefined) {
      stoppedAt = performance.now();
      console.error('stopping (again to end at once) …');
      stopping.abort(new Error('stopped'));
    } else if (performance.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(EXIT_STOPPED);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  // The bootstrap that started this process is gone, perhaps killed. That is never a second stop.
  process.once('disconnect', () => {
    if (stoppedAt === undefined) stop();
  });
  try {
    const good = await run(args, stopping.signal);
    process.exit(good ? 0 : 1);
  } catch (error) {
    const { aborted } = stopping.signal;
    if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
    // What fails while it is stopped, such as an end of a server, is told too.
    else if (!aborted || !isCausedBy(stopping.signal.reason, error)) {
      console.error(error instanceof PlainError ? error.message : error);
    }
    if (aborted) console.error('stopped');
    process.exit(aborted ? EXIT_STOPPED : 1);
  }
}

/** Some throw an aborted signal's reason itself, others an AbortError with it as the cause. */
function isCausedBy(reason: unknown, error: unknown): boolean {
  if (error === reason) return true;
  return error instanceof Error && error.cause !== undefined && isCausedBy(reason, error.cause);
}
