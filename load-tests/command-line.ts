/** What the programs in this folder have in common: their command line, their stop, their end. */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';

/** Something that a person can mend; the message says what, and is all that is shown. */
export class PlainError extends Error {
  override readonly name: string = 'PlainError';
}

/** The command line cannot be used; the message says why. */
export class UsageError extends PlainError {
  override readonly name = 'UsageError';
}

/** One option: what it is for, what it is without being given, and how its text is read. */
export interface Option<T> {
  readonly about: string;
  /** Undefined: what is read from undefined. */
  readonly usual?: string;
  /** Takes no text; it is `true` when given. */
  readonly isFlag?: true;
  /** @throws UsageError @param name without the dashes */
  readonly read: (text: string | undefined, name: string) => T;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type Values<O extends Options> = { [Name in keyof O]: ReturnType<O[Name]['read']> };

/** A number within bounds, whole unless it may be `broken`. */
export const number = (
  about: string,
  usual: number,
  least: number,
  most: number,
  { broken = false } = {},
): Option<number> =>
  ({ ...maybeNumber(about, least, most, { broken }), usual: `${usual}` }) as Option<number>;

/** The same, or undefined where it is not given. */
export const maybeNumber = (
  about: string,
  least: number,
  most: number,
  { broken = false } = {},
): Option<number | undefined> => ({
  about,
  read(text, name) {
    if (text === undefined) return undefined;
    const value = Number(text);
    const isNumber = broken ? text !== '' : /^\d+$/.test(text);
    if (isNumber && value >= least && value <= most) return value;
    const kind = broken ? 'a number' : 'a whole number';
    throw new UsageError(`--${name} must be ${kind} from ${least} to ${most}`);
  },
});

/** Some text, or undefined where it is not given. */
export const text = (about: string): Option<string | undefined> => ({
  about,
  read: (given) => given,
});

export const flag = (about: string): Option<boolean> => ({
  about,
  isFlag: true,
  read: (given) => given !== undefined,
});

/** One of some words, of which the first is the usual one. */
export const choice = <T extends string>(
  about: string,
  known: readonly [T, ...T[]],
): Option<T> => ({
  about: `${about}: ${known.join(', ')}`,
  usual: known[0],
  read(given, name) {
    const found = known.find((each) => each === given);
    if (found !== undefined) return found;
    throw new UsageError(`--${name} must be one of ${known.join(', ')}`);
  },
});

/** A program's arguments. @throws UsageError */
export function readArguments<O extends Options>(
  args: readonly string[],
  options: O,
): { readonly values: Values<O>; readonly positionals: readonly string[] } {
  const config = Object.entries(options).map(
    ([name, { isFlag }]) => [name, { type: isFlag === true ? 'boolean' : 'string' }] as const,
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(config),
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const values = Object.entries(options).map(([name, option]) => {
    const given = parsed.values[name];
    return [
      name,
      option.read(given === undefined ? option.usual : `${given as string | true}`, name),
    ];
  });
  return { values: Object.fromEntries(values) as Values<O>, positionals: parsed.positionals };
}

/** The options as lines for `--help`. */
export function optionsText(options: Options): string {
  const lines = Object.entries(options).map(
    ([name, { about, usual = '' }]) => [`  --${name} ${usual}`, about] as const,
  );
  const width = Math.max(...lines.map(([option]) => option.length)) + 2;
  return lines.map(([option, about]) => option.padEnd(width) + about).join('\n');
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
