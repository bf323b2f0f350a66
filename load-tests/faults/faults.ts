/**
 * `npm run faults`: starts the system, bids on it, breaks it in every way it must survive, and
 * checks that no accepted bid was lost, doubled or altered. Exit code 0 when all is good, 1 when
 * not. Leaves nothing running.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScript } from '@outcry/local/build-and-migrate.ts';
import { ALL_FAULTS } from './all-faults.ts';
import { runProgram } from '../command-line.ts';
import { faultOptions, FAULTS_USAGE, type FaultOptions } from './fault-options.ts';
import { pairsText, type LatencyPairs } from './latency-pairs.ts';
import { isGood, resultsText, type FaultResult } from './result.ts';
import { runFaults } from './run-faults.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const say = (line: string): void => console.log(`- ${line}`);

async function run(options: FaultOptions, signal: AbortSignal): Promise<boolean> {
  say('building');
  const log = join(ROOT, '.local', 'logs', 'build.log');
  await runScript('build', { root: ROOT, log, signal });
  const faults = ALL_FAULTS.filter(({ name }) => options.names.includes(name));
  const results: FaultResult[] = [];
  const done = (result: FaultResult): void => void results.push(result);
  let pairs: LatencyPairs[] = [];
  try {
    pairs = await runFaults(faults, { ...options, say, done, signal });
  } finally {
    if (results.length > 0) console.log(`\n${resultsText(results)}`);
  }
  if (pairs.length > 0) console.log(`\n${pairsText(pairs)}`);
  return results.every(isGood);
}

const names = ALL_FAULTS.map(({ name }) => name);
const list = ALL_FAULTS.map(({ name, breaks, heals }) => `  ${name}: ${breaks}; ${heals}`);
await runProgram(`${FAULTS_USAGE}\n\nFaults:\n${list.join('\n')}`, (args, signal) =>
  run(faultOptions(args, names), signal),
);
