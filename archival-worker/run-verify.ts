/**
 * `npm run verify`, `npm run verify -- --auction <id>`: compares Redis, JetStream and Postgres,
 * recomputes the seals and the statistics, and names the first difference of each auction. Exit
 * code 0 when there is none, 1 when there is one or a server did not answer.
 */
import { parseArgs } from 'node:util';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { runVerify } from './create-verify.ts';
import { runTool } from './tool.ts';
import { differenceText } from './verify/difference.ts';
import type { VerifyCounts } from './verify/verify.ts';

const SAY_EVERY_MS = 2_000;

let said = monotonicNow();
function progress(counts: VerifyCounts): void {
  if (monotonicNow() - said < SAY_EVERY_MS) return;
  said = monotonicNow();
  console.log(`… ${text(counts)}`);
}

const text = ({ auctions, rows, messages }: VerifyCounts): string =>
  `${auctions} auctions, ${rows} archived events, ${messages} messages`;

await runTool('verify', () => {
  const { auction } = parseArgs({ options: { auction: { type: 'string' } } }).values;
  return async (settings, log) => {
    const counts = await runVerify(
      settings,
      {
        progress,
        found: (difference) => console.log(`DIFFERENCE  ${differenceText(difference)}`),
        ...(auction === undefined ? {} : { auctionId: auction }),
      },
      log,
    );
    console.log(`Verified ${text(counts)}.`);
    if (auction !== undefined && counts.rows + counts.messages === 0) {
      console.log(`Nothing is known of auction ${auction}.`);
      process.exitCode = 1;
    } else if (counts.differences > 0) {
      console.log(`${counts.differences} with differences; the first of each is above.`);
      process.exitCode = 1;
    } else {
      console.log('Everything agrees.');
    }
  };
});
