/** The bench's command line. */
import { chosenNames, readArguments, wholeNumber } from '../command-line.ts';
import type { FaultSizes } from './run-fault.ts';

export interface FaultOptions {
  /** Faults asked for, by name. */
  readonly names: readonly string[];
  readonly sizes: FaultSizes;
  /** Rounds of bids with NATS or Postgres dead, between healthy ones. */
  readonly pairs: number;
}

export const FAULTS_USAGE = `npm run faults -- [fault …] [options]

  --before 3      seconds of healthy bids before each fault
  --seconds 5     how long a fault lasts
  --outage 10     how long NATS or Postgres are away
  --bids 20000    bids accepted while both are away
  --pairs 3       rounds of bids with NATS or Postgres dead, between healthy ones; only when
                  no fault is named, unless it is given

The exit code is 1 when anything was lost, duplicate, altered or refused that must not be.`;

/**
 * @param args what follows the program's name
 * @param known names of all faults; all are meant when none is named
 * @throws UsageError
 */
export function faultOptions(args: readonly string[], known: readonly string[]): FaultOptions {
  const { values, positionals } = parse(args);
  return {
    names: chosenNames('fault', positionals, known),
    sizes: {
      beforeSeconds: wholeNumber('before', values.before, 1, 3_600),
      seconds: wholeNumber('seconds', values.seconds, 1, 3_600),
      outageSeconds: wholeNumber('outage', values.outage, 1, 3_600),
      bids: wholeNumber('bids', values.bids, 1, 10_000_000),
    },
    pairs: wholeNumber('pairs', values.pairs ?? (positionals.length === 0 ? '3' : '0'), 0, 100),
  };
}

function parse(args: readonly string[]) {
  return readArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      before: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      outage: { type: 'string', default: '10' },
      bids: { type: 'string', default: '20000' },
      pairs: { type: 'string' },
    },
  });
}
