import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExperimentResult } from '../run-experiment.ts';
import { htmlReport } from './html-report.ts';

/** Writes `report.html` into the run's folder. @returns its path */
export async function writeReport(result: ExperimentResult, folder: string): Promise<string> {
  const path = join(folder, 'report.html');
  await writeFile(path, htmlReport(result));
  return path;
}
