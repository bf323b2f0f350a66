/** The demo's command line. */
import { readArguments, UsageError } from '../command-line.ts';

export interface DemoOptions {
  /** How long seven days take. */
  readonly weekSeconds: number;
  /** What every auction lasts longer, so that bids sent again still come in time. */
  readonly graceSeconds: number;
  /** How long to wait for the archive after the last auction. */
  readonly archiveWaitSeconds: number;
  /** Minutes of simulated bidding instead of the replay. */
  readonly liveMinutes: number | undefined;
}

export const DEMO_USAGE = `npm run demo              replays 314 real eBay auctions
npm run demo -- --live    keeps a few auctions with simulated bidders going

  --seconds 20        how long seven days take
  --grace 5           seconds that every auction lasts longer, for bids that must be sent again
  --archive-wait 60   seconds to wait for the archive at the end
  --minutes 10        how long --live goes on`;

/** @throws UsageError */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values } = readArguments({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '20' },
      grace: { type: 'string', default: '5' },
      'archive-wait': { type: 'string', default: '60' },
      live: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '10' },
    },
  });
  return {
    weekSeconds: between('seconds', values.seconds, 1, 86_400),
    graceSeconds: between('grace', values.grace, 0, 3_600),
    archiveWaitSeconds: between('archive-wait', values['archive-wait'], 1, 3_600),
    liveMinutes: values.live ? between('minutes', values.minutes, 0.05, 1_440) : undefined,
  };
}

function between(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a number from ${least} to ${most}`);
}
