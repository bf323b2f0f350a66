/**
 * Measures what one machine does: `npm run bench -- http`. Starts all it needs, leaves nothing
 * running.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { runProgram } from '../command-line.ts';
import { describeMachine, machineText, type Machine } from '../system/machine.ts';
import { TestBed } from '../system/test-bed.ts';
import { archiveMeasurements } from './archive/measurements.ts';
import { attackMeasurements } from './fan-out/attacks.ts';
import { benchOptions, benchUsage, type BenchOptions, type Parts } from './bench-options.ts';
import { againstBare } from './fan-out/against-bare.ts';
import { silenceMeasurements } from './fan-out/in-silence.ts';
import { loadMeasurements } from './fan-out/under-load.ts';
import { httpMeasurements } from './http/measurements.ts';
import type { Measurement } from './measurement.ts';
import { publishMeasurements } from './publish/measurements.ts';
import { runRounds } from './run-rounds.ts';
import { scriptMeasurements } from './script/measurements.ts';
import { logBudgetMeasurements, sizingMeasurements } from './sizing.ts';
import { summarize, summaryText, type Measured } from './summary.ts';

/** All there is, those that others are compared to first. */
const PARTS: Parts = {
  http: httpMeasurements,
  script: [...scriptMeasurements, ...logBudgetMeasurements],
  publish: publishMeasurements,
  archive: archiveMeasurements,
  'fan-out': [...againstBare, ...loadMeasurements, ...silenceMeasurements],
  attacks: attackMeasurements,
  sizing: sizingMeasurements,
};
const ALL = Object.values(PARTS).flat();

const say = (line: string): void => console.log(`- ${line}`);

/**
 * Those asked for and those they are compared to, in groups that have nothing in common: each runs
 * on servers of its own, one after the other.
 */
function chosen(names: readonly string[]): Measurement[][] {
  const wanted = new Set(names);
  for (const { name, comparedTo } of ALL.toReversed()) {
    if (wanted.has(name) && comparedTo !== undefined) wanted.add(comparedTo);
  }
  const rootOf = ({ name, comparedTo }: Measurement): string => {
    const limit = ALL.find((each) => each.name === comparedTo);
    return limit === undefined ? name : rootOf(limit);
  };
  const measurements = ALL.filter(({ name }) => wanted.has(name));
  return [...groupBy(measurements, rootOf).values()];
}

async function run(options: BenchOptions, signal: AbortSignal): Promise<boolean> {
  const { rounds, seconds, connections, jsonFile } = options;
  // A file that cannot be written must not cost the run's minutes.
  if (jsonFile !== undefined) await writeFile(jsonFile, '');
  const profiles = options.profiles === undefined ? undefined : resolve(options.profiles);
  if (profiles !== undefined) await mkdir(profiles, { recursive: true });
  const measured: Measured[] = [];
  let machine: Machine | undefined;
  for (const group of chosen(options.names)) {
    const names = group.map(({ name }) => name).join(', ');
    console.log(`${names}: ${rounds} × ${seconds} s, ${connections} connections`);
    const bed = await TestBed.open('bench', {
      say,
      signal,
      profiles,
      build: machine === undefined,
    });
    try {
      const found = await runRounds(group, bed, { ...options, signal });
      machine = await describeMachine(bed.folder, bed.urls);
      console.log(`\n${machineText(machine)}\n`);
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
}

await runProgram(benchUsage(PARTS), (args, signal) => run(benchOptions(args, PARTS), signal));
