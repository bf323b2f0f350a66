/** What the programs in this folder have in common: command line, stop, end, and figures as text. */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { onStopSignals } from '@outcry/local/processes/stop-signals.ts';
import { findProgram } from '@outcry/local/programs/find-program.ts';

/** Something that a person can mend; the message says what, and is all that is shown. */
export class PlainError extends Error {
  override readonly name: string = 'PlainError';
}

/** The command line cannot be used; the message says why. */
export class UsageError extends PlainError {
  override readonly name = 'UsageError';
}

/** Options by name: what each is and takes is in its schema, with a description for `--help`. */
type Options = z.ZodRawShape;

/** A number within bounds, whole unless it may be `broken`. */
export const number = (
  about: string,
  least: number,
  most: number,
  { broken = false }: { readonly broken?: boolean } = {},
) => {
  const error = `must be ${broken ? 'a number' : 'a whole number'} from ${least} to ${most}`;
  const isGood = (value: number): boolean =>
    value >= least && value <= most && (broken || Number.isInteger(value));
  return z.coerce.number(error).refine(isGood, error).describe(about);
};
export const flag = (about: string) => z.boolean().default(false).describe(about);
/** One of some words; the first one unless it is given. */
export const choice = <const T extends string>(about: string, usual: T, ...others: T[]) =>
  z
    .enum([usual, ...others])
    .default(usual)
    .describe(about);

/** A program's arguments. @throws UsageError */
export function readArguments<O extends Options>(
  args: readonly string[],
  options: O,
): { readonly values: z.output<z.ZodObject<O>>; readonly positionals: readonly string[] } {
  const config = describe(options).map(
    ([name, { type }]) => [name, { type: type === 'boolean' ? type : 'string' }] as const,
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(config),
    });
    return { values: z.object(options).parse(values), positionals };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw new UsageError(errorText(error));
    const mistakes = error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`);
    throw new UsageError(mistakes.join('; '));
  }
}

/** The options as lines for `--help`. */
export function optionsText(options: Options): string {
  const lines = describe(options).map(([name, schema]) => {
    const { description = '', enum: words, default: usual } = schema;
    const about = words === undefined ? description : `${description}: ${words.join(', ')}`;
    const shown = typeof usual === 'string' || typeof usual === 'number' ? usual : '';
    return [`  --${name} ${shown}`, about] as const;
  });
  const width = Math.max(...lines.map(([option]) => option.length)) + 2;
  return lines.map(([option, about]) => option.padEnd(width) + about).join('\n');
}

/** What `--help` and the parser must know of each option, as JSON Schema. */
const describe = (options: Options) =>
  Object.entries(z.toJSONSchema(z.object(options), { io: 'input' }).properties ?? {}).map(
    ([name, schema]) => [name, typeof schema === 'object' ? schema : {}] as const,
  );

/** What was thrown, as text. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * The names asked for, each once; all that there are when none is. @param kind what they are names of
 * @throws UsageError that says what there is
 */
export function chosenNames<T extends string>(
  kind: string,
  asked: readonly string[],
  known: readonly T[],
): readonly T[] {
  const unknown = asked.filter((name) => !known.some((each) => each === name)).join(', ');
  if (unknown !== '') {
    throw new UsageError(`no ${kind} is called ${unknown}; there are ${known.join(', ')}`);
  }
  return asked.length === 0 ? known : known.filter((name) => asked.includes(name));
}

const EXIT_STOPPED = 130;

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
  onStopSignals(
    () => {
      console.error('stopping (again to end at once) …');
      stopping.abort(new Error('stopped'));
    },
    () => process.exit(EXIT_STOPPED),
  );
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

/** What a program is doing, for the person who waits. */
export const say = (line: string): void => console.log(`- ${line}`);

/** The path of a program. @param how to get it @throws PlainError that says so */
export async function needProgram(name: string, how: string, folders: readonly string[] = []) {
  const found = await findProgram([name], folders);
  if (found === undefined) throw new PlainError(`${name} is not on PATH. ${how}`);
  return found;
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en');
/** Milliseconds, without a unit; `-` for none. */
export const ms = (value: number): string =>
  Number.isNaN(value) ? '-' : value < 10 ? value.toFixed(1) : whole(value);

/** A table of Markdown that can be read as it is: the first column to the left, the others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) =>
    Math.max(3, ...[head, ...rows].map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    return `| ${cells.join(' | ')} |`;
  };
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

/** The first so many lines of a list, and how many more there are. */
export const firstOf = (lines: readonly string[], shown: number): string[] => [
  ...lines.slice(0, shown),
  ...(lines.length > shown ? [`and ${lines.length - shown} more`] : []),
];
