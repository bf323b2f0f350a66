/**
 * Measures what one machine does: `npm run bench -- http`. Starts all it needs, leaves nothing
 * running.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { runProgram } from '../command-line.ts';
import { describeMachine, machineText, versionsOf, type Machine } from '../system/machine.ts';
import { TestBed } from '../system/test-bed.ts';
import { archiveMeasurements } from './archive/measurements.ts';
import { attackMeasurements } from './attacks/measurements.ts';
import { benchOptions, benchUsage, type BenchOptions, type Parts } from './bench-options.ts';
import { changeText, compareRuns } from './compare-runs.ts';
import { fanOutMeasurements } from './fan-out/measurements.ts';
import { checkFiles, type FormerRun } from './former-run.ts';
import { httpMeasurements } from './http/measurements.ts';
import type { Measurement } from './measurement.ts';
import { publishMeasurements } from './publish/measurements.ts';
import { runRounds } from './run-rounds.ts';
import { logBudgetMeasurements } from './script/log-budget.ts';
import { scriptMeasurements } from './script/measurements.ts';
import { sizingMeasurements } from './sizing.ts';
import { summarize, summaryText, type Measured } from './summary.ts';

/** All there is, those that others are compared to first. */
const PARTS: Parts = {
  http: httpMeasurements,
  script: [...scriptMeasurements, ...logBudgetMeasurements],
  publish: publishMeasurements,
  archive: archiveMeasurements,
  'fan-out': fanOutMeasurements,
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
  return [
    ...groupBy(
      ALL.filter(({ name }) => wanted.has(name)),
      rootOf,
    ).values(),
  ];
}

/** @returns false when something is slower than in the run that it is compared to */
async function run(options: BenchOptions, signal: AbortSignal): Promise<boolean> {
  const former = await checkFiles(options);
  const profiles = options.profiles === undefined ? undefined : resolve(options.profiles);
  if (profiles !== undefined) await mkdir(profiles, { recursive: true });
  const measured: Measured[] = [];
  let machine: Machine | undefined;
  for (const group of chosen(options.names)) {
    const { rounds, seconds, connections } = options;
    const names = group.map(({ name }) => name).join(', ');
    console.log(`${names}: ${rounds} × ${seconds} s, ${connections} connections`);
    const bed = await TestBed.open('bench', {
      say,
      signal,
      profiles,
      build: measured.length === 0,
    });
    try {
      const found = await runRounds(group, bed, { ...options, signal });
      machine = describeMachine(bed.folder, await versionsOf(bed.urls));
      console.log(`\n${machineText(machine)}\n`);
      for (const summary of summarize(found, machine.cpus))
        console.log(`${summaryText(summary)}\n`);
      measured.push(...found);
    } finally {
      await bed.close();
    }
  }
  if (options.jsonFile !== undefined) {
    const run = { at: new Date().toISOString(), machine, options };
    await writeFile(options.jsonFile, `${JSON.stringify({ ...run, measured }, null, 2)}\n`);
  }
  return former === undefined || isNotSlower(former, measured, options.againstFile);
}

function isNotSlower(
  former: FormerRun,
  measured: readonly Measured[],
  againstFile: string | undefined,
): boolean {
  const changes = compareRuns(former.measured, measured);
  console.log(`Against ${againstFile}:`);
  for (const change of changes) console.log(`  ${changeText(change)}`);
  return changes.every(({ verdict }) => verdict !== 'slower');
}

await runProgram(benchUsage(PARTS), (args, signal) => run(benchOptions(args, PARTS), signal));
