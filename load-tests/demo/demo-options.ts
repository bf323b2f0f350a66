/** The demo's command line. */
import { flag, number, optionsText, readArguments } from '../command-line.ts';

const OPTIONS = {
  seconds: number('how long seven days take', 20, 1, 86_400, { broken: true }),
  grace: number(
    'seconds that every auction lasts longer, for bids that must be sent again',
    5,
    0,
    3_600,
    {
      broken: true,
    },
  ),
  'archive-wait': number('seconds to wait for the archive at the end', 60, 1, 3_600, {
    broken: true,
  }),
  live: flag('keeps a few auctions with simulated bidders going instead'),
  minutes: number('how long --live goes on', 10, 0.05, 1_440, { broken: true }),
};

export const DEMO_USAGE = `npm run demo              replays 314 real eBay auctions\n${optionsText(OPTIONS)}`;

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

/** @throws UsageError */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values } = readArguments(args, OPTIONS);
  return {
    weekSeconds: values.seconds,
    graceSeconds: values.grace,
    archiveWaitSeconds: values['archive-wait'],
    liveMinutes: values.live ? values.minutes : undefined,
  };
}
