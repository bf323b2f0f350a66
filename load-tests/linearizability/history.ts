/**
 * What clients did and heard, and what the log says: everything a checker needs, see README.md.
 * The schemas are the file format, JSON lines; the checker works on the types.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';

const amount = z.int().min(1);

/** What a client asked for. Two requests are the same when their JSON is. */
const historyRequest = z.union([
  z.strictObject({ kind: z.literal('bid'), amount }),
  z.strictObject({ kind: z.literal('bid'), maxAmount: amount }),
  z.strictObject({ kind: z.literal('extend'), endsAt: z.iso.datetime() }),
  z.strictObject({ kind: z.enum(['buy', 'cancel', 'read', 'me']) }),
]);
export type HistoryRequest = z.infer<typeof historyRequest>;

const historyAnswer = z.strictObject({
  status: z.int(),
  /** The answer had the header `Idempotency-Replayed: true`. */
  replayed: z.boolean(),
  body: z.record(z.string(), z.unknown()),
});
export type HistoryAnswer = z.infer<typeof historyAnswer>;

/** One request of one client to one gateway. */
const historyCommand = z.strictObject({
  type: z.literal('command'),
  id: z.int(),
  client: z.int(),
  userId: z.string(),
  gateway: z.int(),
  auctionId: z.string(),
  request: historyRequest,
  /** The `Idempotency-Key`, '' when the request had none. */
  key: z.string(),
  /** Milliseconds of one monotonic clock: before the first byte left, after the last came. */
  start: z.number(),
  /** Null when no answer came; then `answer` is null too, and what happened is unknown. */
  end: z.number().nullable(),
  answer: historyAnswer.nullable(),
});
export type HistoryCommand = z.infer<typeof historyCommand>;

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** One event of an auction's log, as Redis held it after the run. */
const loggedEvent = z.strictObject({
  type: z.literal('event'),
  auctionId: z.string(),
  public: z.custom<PublicEvent>(isRecord),
  private: z.custom<PrivateEvent>(isRecord),
});
export type LoggedEvent = z.infer<typeof loggedEvent>;

/** The first line of a file. */
const historyHead = z.strictObject({
  type: z.literal('history'),
  version: z.literal(1),
  /** What the run was; for people. */
  name: z.string(),
  /** Terms and plans of the clients follow from it. */
  seed: z.int(),
});

export const historyLine = z.discriminatedUnion('type', [historyHead, historyCommand, loggedEvent]);

/** A run that is over: no command of it can do anything any more. */
export interface History {
  readonly name: string;
  readonly seed: number;
  readonly commands: readonly HistoryCommand[];
  /** The events of all auctions; those of one auction in the order of its log. */
  readonly events: readonly LoggedEvent[];
}

/** Writes `<name>-<seed>.jsonl` into the folder; gives the file's path. */
export async function writeHistory(folder: string, history: History): Promise<string> {
  await mkdir(folder, { recursive: true });
  const { name, seed, commands, events } = history;
  const head = { type: 'history', version: 1, name, seed };
  const lines = [head, ...commands, ...events].map((line) => JSON.stringify(line));
  const file = join(folder, `${name}-${seed}.jsonl`);
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** @throws Error naming the first line that is not as documented */
export async function readHistory(file: string): Promise<History> {
  const commands: HistoryCommand[] = [];
  const events: LoggedEvent[] = [];
  let head: { name: string; seed: number } | undefined;
  const lines = (await readFile(file, 'utf8')).split('\n');
  for (const [i, text] of lines.entries()) {
    if (text === '') continue;
    const line = parseLine(`${file}:${i + 1}`, text);
    if (line.type === 'command') commands.push(line);
    else if (line.type === 'event') events.push(line);
    else head = line;
  }
  if (head === undefined) throw new Error(`${file} has no line of type "history"`);
  return { name: head.name, seed: head.seed, commands, events };
}

function parseLine(place: string, text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${place} is not JSON`, { cause: error });
  }
  const checked = historyLine.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Error(`${place}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
