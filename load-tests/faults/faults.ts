/**
 * `npm run faults`: starts the system, bids on it, breaks it in every way it must survive, and
 * checks that no accepted bid was lost, doubled or altered. Exit code 0 when all is good, 1 when
 * not. Leaves nothing running.
 */
import { runProgram } from '../command-line.ts';
import { ALL_FAULTS } from './all-faults.ts';
import { faultOptions, FAULTS_USAGE } from './fault-options.ts';
import { startFaultSystem, type FaultSystem } from './fault-system.ts';
import { isGood, resultsText, type FaultResult } from './result.ts';
import { runFault } from './run-fault.ts';
import { untilRedisKnows } from './settle.ts';

const say = (line: string): void => console.log(`- ${line}`);

type FaultOptions = ReturnType<typeof faultOptions>;

async function run(options: FaultOptions, signal: AbortSignal): Promise<boolean> {
  const system = await startFaultSystem({ say, signal, build: true });
  const results: FaultResult[] = [];
  try {
    await injectAll(system, options, results, signal);
  } finally {
    if (results.length > 0) console.log(`\n${resultsText(results)}`);
    await system.system.bed.close();
  }
  return results.every(isGood);
}

/** @throws Error when the system does not get well again, or does not verify at the end */
async function injectAll(
  faultSystem: FaultSystem,
  { names, sizes }: FaultOptions,
  results: FaultResult[],
  signal: AbortSignal,
): Promise<void> {
  const { system } = faultSystem;
  for (const fault of ALL_FAULTS.filter(({ name }) => names.includes(name))) {
    say(`${fault.name}: ${fault.breaks}`);
    results.push(await runFault(fault, faultSystem, sizes, signal));
  }
  const ids = results.flatMap(({ auctionIds }) => auctionIds);
  await untilRedisKnows(system, ids);
  say('verifying the archive');
  const differences = await system.verify();
  if (differences.length > 0) throw new Error(`it does not agree:\n${differences.join('\n')}`);
}

const names = ALL_FAULTS.map(({ name }) => name);
const list = ALL_FAULTS.map(({ name, breaks, heals }) => `  ${name}: ${breaks}; ${heals}`);
await runProgram(`${FAULTS_USAGE}\n\nFaults:\n${list.join('\n')}`, (args, signal) =>
  run(faultOptions(args, names), signal),
);
