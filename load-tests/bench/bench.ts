/** Measures what one machine does: `npm run bench -- http`. Leaves nothing running. */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { runProgram, say } from '../command-line.ts';
import { describeMachine } from '../system/machine.ts';
import { openBed } from '../system/system.ts';
import { archiveMeasurements } from './archive.ts';
import { attackMeasurements, fanOutMeasurements } from './fan-out.ts';
import { httpMeasurements } from './http.ts';
import { publishMeasurements } from './publish.ts';
import { benchOptions, benchUsage, runRounds, summarize, summaryText } from './rounds.ts';
import type { Measurement } from './rounds.ts';
import { scriptMeasurements } from './script.ts';
import { sizingMeasurements } from './sizing.ts';

/** Those that others are compared to first. */
const PARTS = {
  http: httpMeasurements,
  script: scriptMeasurements,
  publish: publishMeasurements,
  archive: archiveMeasurements,
  'fan-out': fanOutMeasurements,
  attacks: attackMeasurements,
  sizing: sizingMeasurements,
};
const ALL = Object.values(PARTS).flat();

/**
 * Those asked for and those they are compared to, in groups that have nothing in common: each runs
 * on servers of its own, one after the other.
 */
function chosen(names: readonly string[]): Iterable<Measurement[]> {
  const wanted = new Set(names);
  for (const { name, comparedTo } of ALL.toReversed()) {
    if (wanted.has(name) && comparedTo !== undefined) wanted.add(comparedTo);
  }
  const rootOf = ({ name, comparedTo }: Measurement): string => {
    const limit = ALL.find((each) => each.name === comparedTo);
    return limit === undefined ? name : rootOf(limit);
  };
  return groupBy(
    ALL.filter(({ name }) => wanted.has(name)),
    rootOf,
  ).values();
}

await runProgram(benchUsage(PARTS), async (args, signal) => {
  const options = benchOptions(args, PARTS);
  const { rounds, seconds, connections, jsonFile } = options;
  // A file that cannot be written must not cost the run's minutes.
  if (jsonFile !== undefined) await writeFile(jsonFile, '');
  const profiles = options.profiles === undefined ? undefined : resolve(options.profiles);
  if (profiles !== undefined) await mkdir(profiles, { recursive: true });
  const measured = [];
  let machine: Awaited<ReturnType<typeof describeMachine>> | undefined;
  for (const group of chosen(options.names)) {
    const names = group.map(({ name }) => name).join(', ');
    console.log(`${names}: ${rounds} × ${seconds} s, ${connections} connections`);
    const build = machine === undefined;
    const bed = await openBed('bench', { say, signal, profiles, build });
    try {
      const found = await runRounds(group, bed, { ...options, signal });
      machine = await describeMachine(bed.folder, bed.urls);
      console.log(`\n${machine.text}\n`);
      for (const each of summarize(found, machine.cpus)) console.log(`${summaryText(each)}\n`);
      measured.push(...found);
    } finally {
      await bed.close();
    }
  }
  if (jsonFile !== undefined) {
    const figures = { at: new Date().toISOString(), machine, options, measured };
    await writeFile(jsonFile, `${JSON.stringify(figures, null, 2)}\n`);
  }
  return true;
});
