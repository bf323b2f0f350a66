/** Reads Node's CPU profiles: which functions the time went to. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const profile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        lineNumber: z.number(),
      }),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
export type Profile = z.infer<typeof profile>;

/** A function and its share (0 to 1) of the time that was not idle. */
export interface SelfTime {
  readonly name: string;
  readonly share: number;
}

const SHOWN = 40;
const IDLE = new Set(['(idle)', '(root)']);

/** Time spent in each function itself, not in what it called; most first. */
export function selfTimes({ nodes, samples, timeDeltas }: Profile): SelfTime[] {
  const names = new Map(
    nodes.map(({ id, callFrame }) => {
      const { functionName, url, lineNumber } = callFrame;
      const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
      return [id, `${functionName === '' ? '(anonymous)' : functionName}${place}`];
    }),
  );
  const times = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const name = names.get(sample) ?? '(unknown)';
    if (!IDLE.has(name)) times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .map(([name, time]) => ({ name, share: time / total }))
    .toSorted((a, b) => b.share - a.share);
}

/** The slowest functions of every profile in a folder, as text. */
export async function slowestFunctions(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  const texts = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const times = selfTimes(profile.parse(JSON.parse(await readFile(file, 'utf8'))));
      const lines = times
        .slice(0, SHOWN)
        .map(({ name, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${name}`);
      return [`Self time of functions in ${file}`, ...lines].join('\n');
    }),
  );
  return texts.join('\n\n');
}
