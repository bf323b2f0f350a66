import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { validHistory } from './checker/testing/valid-history.ts';
import { readHistory, writeHistory } from './history.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-history-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a history is read as it was written', async () => {
  const history = validHistory();
  const file = await writeHistory(await temporaryFolder(), history);
  expect(await readHistory(file)).toEqual(history);
});

test('a file that is not as documented is refused with the line that is wrong', async () => {
  const file = join(await temporaryFolder(), 'x.jsonl');
  const head = '{"type":"history","version":1,"name":"x","seed":1}';
  await writeFile(file, `${head}\n{"type":"command"}\n`);
  await expect(readHistory(file)).rejects.toThrow(`${file}:2: `);
  await writeFile(file, `${head}\n{`);
  await expect(readHistory(file)).rejects.toThrow(`${file}:2 is not JSON`);
  await writeFile(file, '');
  await expect(readHistory(file)).rejects.toThrow('no line of type "history"');
});
