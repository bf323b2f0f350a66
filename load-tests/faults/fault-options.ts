/** The bench's command line. */
import { parseArgs } from 'node:util';
import type { FaultSizes } from './run-fault.ts';

export interface FaultOptions {
  /** Only print what there is. */
  readonly help: boolean;
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

/** The command line cannot be used; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * @param args what follows the program's name
 * @param known names of all faults; all are meant when none is named
 * @throws UsageError
 */
export function faultOptions(args: readonly string[], known: readonly string[]): FaultOptions {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`no fault is called ${unknown.join(', ')}; there are ${known.join(', ')}`);
  }
  return {
    help: values.help,
    names: positionals.length === 0 ? known : [...new Set(positionals)],
    sizes: {
      beforeSeconds: count('before', values.before, 1, 3_600),
      seconds: count('seconds', values.seconds, 1, 3_600),
      outageSeconds: count('outage', values.outage, 1, 3_600),
      bids: count('bids', values.bids, 1, 10_000_000),
    },
    pairs: count('pairs', values.pairs ?? (positionals.length === 0 ? '3' : '0'), 0, 100),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        before: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '5' },
        outage: { type: 'string', default: '10' },
        bids: { type: 'string', default: '20000' },
        pairs: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function count(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}`);
}
