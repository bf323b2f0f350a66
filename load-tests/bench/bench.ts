/**
 * Measures what one machine does: `npm run bench -- hot spread refused`. Starts all it needs,
 * leaves nothing running.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { runProgram } from '../command-line.ts';
import { BENCH_USAGE, benchOptions, type BenchOptions } from './bench-options.ts';
import { checkFiles } from './check-files.ts';
import { changeText, compareRuns } from './compare-runs.ts';
import type { FormerRun } from './former-run.ts';
import { findGenerator } from './load/find-generator.ts';
import { describeMachine } from './machine.ts';
import type { Measurement } from './measurement.ts';
import { archiveLatency } from './measurements/archive-latency.ts';
import { archiveMeasurements, bareUnnest } from './measurements/archive.ts';
import { bareHttp } from './measurements/bare-http.ts';
import { hotAuction, hotVariations } from './measurements/hot-auction.ts';
import { publishMeasurements } from './measurements/publish.ts';
import { refusedBids } from './measurements/refused-bids.ts';
import { bareSet, scriptMeasurements } from './measurements/script.ts';
import { spreadAuctions } from './measurements/spread-auctions.ts';
import { machineText, summaryText } from './report.ts';
import { runRounds } from './run-rounds.ts';
import { Stage } from './stage.ts';
import { summarize, type Measured } from './summary.ts';
import { slowestFunctions } from './slowest-functions.ts';

/** All there is, those that others are compared to first. */
const MEASUREMENTS: readonly Measurement[] = [
  bareHttp,
  hotAuction,
  spreadAuctions,
  refusedBids,
  ...hotVariations,
  bareSet,
  ...scriptMeasurements,
  ...publishMeasurements,
  bareUnnest,
  ...archiveMeasurements,
  archiveLatency,
];

const say = (line: string): void => console.log(`- ${line}`);

/** Those asked for and those they are compared to. */
function chosen(names: readonly string[]): Measurement[] {
  const wanted = new Set(names);
  for (const { name, comparedTo } of MEASUREMENTS.toReversed()) {
    if (wanted.has(name) && comparedTo !== undefined) wanted.add(comparedTo);
  }
  return MEASUREMENTS.filter(({ name }) => wanted.has(name));
}

/** @returns whether nothing is slower than in the former run */
function compare(
  former: FormerRun,
  measured: readonly Measured[],
  againstFile: string | undefined,
): boolean {
  const changes = compareRuns(former.measured, measured);
  console.log(`Against ${againstFile}:`);
  for (const change of changes) console.log(`  ${changeText(change)}`);
  return changes.every(({ verdict }) => verdict !== 'slower');
}

/** @returns false when something is slower than in the run that it is compared to */
async function run(options: BenchOptions, signal: AbortSignal): Promise<boolean> {
  const former = await checkFiles(options);
  const measurements = chosen(options.names);
  const profileFolder =
    options.profileFolder === undefined ? undefined : resolve(options.profileFolder);
  const generator = await findGenerator();
  let good = true;
  const stage = await Stage.open({ profileFolder, say });
  try {
    const { rounds, seconds, connections, warmUpSeconds } = options;
    console.log(
      `${measurements.map(({ name }) => name).join(', ')}: ${rounds} × ${seconds} s, ${connections} connections, load by ${generator.name}`,
    );
    const measured = await runRounds(measurements, stage, {
      rounds,
      seconds,
      connections,
      warmUpSeconds,
      generator,
      signal,
      say,
    });
    const machine = describeMachine(stage.folder, stage.versions);
    const summaries = summarize(measured, machine.cpus);
    console.log(`\n${machineText(machine)}\n`);
    for (const summary of summaries) console.log(`${summaryText(summary)}\n`);
    if (options.jsonFile !== undefined) {
      const figures = { at: new Date().toISOString(), generator: generator.name, machine, options };
      await writeFile(
        options.jsonFile,
        `${JSON.stringify({ ...figures, summaries, measured }, null, 2)}\n`,
      );
    }
    if (former !== undefined) good = compare(former, measured, options.againstFile);
  } finally {
    await stage.close();
  }
  if (profileFolder !== undefined) console.log(await slowestFunctions(profileFolder));
  return good;
}

const known = MEASUREMENTS.map(({ name }) => name);
await runProgram(`${BENCH_USAGE}\n\nMeasurements: ${known.join(', ')}`, (args, signal) =>
  run(benchOptions(args, known), signal),
);
