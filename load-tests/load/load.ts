/**
 * `npm run load -- contention`: loads a system of its own with k6, checks that not one accepted bid
 * was lost, and writes a report. Exit code 0 when all is as it must be, 1 when not. Leaves nothing
 * running.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, say } from '../command-line.ts';
import { openBed, startWholeSystem } from '../system/system.ts';
import { findK6 } from './k6.ts';
import { LOAD_USAGE, loadOptions } from './plans.ts';
import { reportText, writeReport } from './report.ts';
import { runLoad } from './run-load.ts';
import { runSweeps } from './sweep.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

await runProgram(LOAD_USAGE, async (args, signal) => {
  const options = loadOptions(args);
  await findK6();
  const at = new Date().toISOString().replaceAll(':', '').slice(0, 'YYYY-MM-DDThhmm'.length);
  const folder = join(RESULTS, `${at}-${options.name}${options.sweep ? '-sweep' : ''}`);
  await mkdir(folder, { recursive: true });
  const bed = await openBed('load', { say, signal, build: true });
  try {
    const tools = { system: await startWholeSystem(bed), folder, signal };
    if (options.sweep) return await runSweeps(options, tools);
    const result = await runLoad(options, tools);
    console.log(`\n${reportText(result)}\n\nReport: ${await writeReport(result, folder)}`);
    return result.limitsKept && result.reconciliation.faults.length === 0;
  } finally {
    await bed.close();
  }
});
