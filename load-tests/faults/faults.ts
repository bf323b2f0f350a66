/**
 * `npm run faults`: starts the system, bids on it, breaks it in every way it must survive, and
 * checks that no accepted bid was lost, doubled or altered. Leaves nothing running.
 */
import { untilMarked } from '../accounts/accounts.ts';
import { runProgram, say } from '../command-line.ts';
import { startFaultSystem } from './fault-system.ts';
import { ALL_FAULTS } from './kinds.ts';
import { faultOptions, FAULTS_USAGE, resultsText, runFault } from './run-fault.ts';

const known = ALL_FAULTS.map(({ name }) => name);
const list = ALL_FAULTS.map(({ name, breaks, heals }) => `  ${name}: ${breaks}; ${heals}`);

await runProgram(`${FAULTS_USAGE}\n\nFaults:\n${list.join('\n')}`, async (args, signal) => {
  const { names, sizes } = faultOptions(args, known);
  const faultSystem = await startFaultSystem({ say, signal, build: true });
  const { system } = faultSystem;
  const results: Awaited<ReturnType<typeof runFault>>[] = [];
  try {
    for (const fault of ALL_FAULTS.filter(({ name }) => names.includes(name))) {
      say(`${fault.name}: ${fault.breaks}`);
      results.push(await runFault(fault, faultSystem, sizes, signal));
    }
    const ids = results.flatMap(({ auctionIds }) => auctionIds);
    await untilMarked(system.redis, ids);
    say('verifying the archive');
    const differences = await system.verify();
    if (differences.length > 0) throw new Error(`it does not agree:\n${differences.join('\n')}`);
  } finally {
    if (results.length > 0) console.log(`\n${resultsText(results)}`);
    await system.bed.close();
  }
  return results.every(({ complaints }) => complaints.length === 0);
});
