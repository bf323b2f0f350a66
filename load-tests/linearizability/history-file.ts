/** Histories as files of JSON lines: the head, then commands and events in any order. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyLine, type History, type HistoryCommand, type LoggedEvent } from './history.ts';

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
