/** The demo's command line. */
import { z } from 'zod';
import { number, optionsText, readArguments } from '../command-line.ts';

const broken = true;
const OPTIONS = {
  seconds: number('how long seven days take', 1, 86_400, { broken }).prefault('20'),
  grace: number('seconds that every auction lasts longer, for bids sent again', 0, 3_600, {
    broken,
  }).prefault('5'),
  'archive-wait': number('seconds to wait for the archive at the end', 1, 3_600, {
    broken,
  }).prefault('60'),
  live: z.boolean().default(false).describe('simulates bidders on a few auctions instead'),
  minutes: number('how long --live goes on', 0.05, 1_440, { broken }).prefault('10'),
};

export const DEMO_USAGE = `npm run demo              replays 314 real eBay auctions\n${optionsText(OPTIONS)}`;

export type DemoOptions = ReturnType<typeof demoOptions>;

/** @throws UsageError */
export function demoOptions(args: readonly string[]) {
  const { values } = readArguments(args, OPTIONS);
  return {
    /** How long seven days take. */
    weekSeconds: values.seconds,
    /** What every auction lasts longer, so that bids sent again still come in time. */
    graceSeconds: values.grace,
    /** How long to wait for the archive after the last auction. */
    archiveWaitSeconds: values['archive-wait'],
    /** Minutes of simulated bidding instead of the replay. */
    liveMinutes: values.live ? values.minutes : undefined,
  };
}
