/** The demo's command line. */
import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** How long seven days take. */
  readonly weekSeconds: number;
  /** How long to wait for the archive after the last auction. */
  readonly archiveWaitSeconds: number;
  /** Minutes of simulated bidding instead of the replay. */
  readonly liveMinutes: number | undefined;
}

export const DEMO_USAGE = `npm run demo                     replays 314 real eBay auctions
npm run demo -- --seconds 20     … so that seven days take 20 seconds
npm run demo -- --archive-wait 60  … and waits so many seconds for the archive
npm run demo -- --live           keeps a few auctions with simulated bidders going
npm run demo -- --live --minutes 10  … for so many minutes`;

/** The command line cannot be used; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function demoOptions(args: readonly string[]): DemoOptions {
  const values = parse(args);
  return {
    weekSeconds: between('seconds', values.seconds, 1, 86_400),
    archiveWaitSeconds: between('archive-wait', values['archive-wait'], 1, 3_600),
    liveMinutes: values.live ? between('minutes', values.minutes, 0.05, 1_440) : undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '20' },
        'archive-wait': { type: 'string', default: '60' },
        live: { type: 'boolean', default: false },
        minutes: { type: 'string', default: '10' },
      },
    }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${reason}\n\n${DEMO_USAGE}`);
  }
}

function between(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a number from ${least} to ${most}\n\n${DEMO_USAGE}`);
}
