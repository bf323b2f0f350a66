/**
 * `npm run experiment -- contention`: loads the system with k6, checks that not one accepted bid
 * was lost, and writes a report. Exit code 0 when all is as it must be, 1 when not. Leaves nothing
 * running.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../command-line.ts';
import {
  experimentOptions,
  EXPERIMENT_USAGE,
  type ExperimentOptions,
} from './experiment-options.ts';
import { openSystem, ROOT } from './experiment-system.ts';
import { obtainK6 } from './find-k6.ts';
import { isGood, runExperiment, type ExperimentResult } from './run-experiment.ts';
import { resultText } from './result-text.ts';
import { recordInDocs } from './summary-table.ts';
import { writeReport } from './report/write-report.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
const DOCS = join(ROOT, 'docs');

const say = (line: string): void => console.log(`- ${line}`);

async function run(options: ExperimentOptions, signal: AbortSignal): Promise<boolean> {
  const k6 = await obtainK6(say);
  const at = new Date().toISOString().replaceAll(':', '').slice(0, 'YYYY-MM-DDThhmm'.length);
  const folder = join(RESULTS, `${at}-${options.name}`);
  const system = await openSystem({ own: options.plan.kills === true, build: true, say, signal });
  let result: ExperimentResult;
  try {
    result = await runExperiment(options, { system, k6, folder, say, signal });
  } finally {
    await system.stop();
  }
  const report = await writeReport(result, folder);
  if (options.intoDocs) await recordInDocs(DOCS, result, folder);
  console.log(`\n${resultText(result)}\n\nReport: ${report}`);
  return isGood(result);
}

await runProgram(EXPERIMENT_USAGE, (args, signal) => run(experimentOptions(args), signal));
