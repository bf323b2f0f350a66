/** The command line of faults. */
import { chosenNames, number, optionsText, readArguments } from '../command-line.ts';

const OPTIONS = {
  before: number('seconds of healthy bids before each fault', 1, 3_600).prefault('3'),
  seconds: number('how long a fault lasts', 1, 3_600).prefault('5'),
  outage: number('seconds for which NATS or Postgres are away', 1, 3_600).prefault('10'),
  bids: number('accepted while both are away', 1, 10_000_000).prefault('20000'),
};

export const FAULTS_USAGE = `npm run faults -- [fault …] [options]
${optionsText(OPTIONS)}
The exit code is 1 when anything was lost, duplicate, altered or refused that must not be.`;

/** @param known names of all faults; all are meant when none is named @throws UsageError */
export function faultOptions(args: readonly string[], known: readonly string[]) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const { before: beforeSeconds, outage: outageSeconds, seconds, bids } = values;
  const names = chosenNames('fault', positionals, known);
  return { names, sizes: { beforeSeconds, seconds, outageSeconds, bids } };
}
