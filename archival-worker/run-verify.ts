/**
 * `npm run verify`, `npm run verify -- --auction <id>`: compares Redis, JetStream and Postgres,
 * recomputes the seals and the statistics, and names the first difference of each auction. Exit
 * code 0 when there is none, 1 when there is one or a server did not answer.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRunFile } from '@outcry/local/run-file.ts';
import { ConfigError } from '@outcry/shared/runtime/config.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { toolSettings } from './config.ts';
import { runVerify } from './create-verify.ts';
import { surviveLostSockets } from './lost-socket.ts';
import { differenceText } from './verify/difference.ts';
import type { VerifyCounts } from './verify/verify.ts';

const RUN_FILE = join(fileURLToPath(new URL('..', import.meta.url)), '.local', 'run.json');
const SAY_EVERY_MS = 2_000;

let said = monotonicNow();
function progress(counts: VerifyCounts): void {
  if (monotonicNow() - said < SAY_EVERY_MS) return;
  said = monotonicNow();
  console.log(`… ${text(counts)}`);
}

const text = ({ auctions, rows, messages }: VerifyCounts): string =>
  `${auctions} auctions, ${rows} archived events, ${messages} messages`;

try {
  const { auction } = parseArgs({ options: { auction: { type: 'string' } } }).values;
  const settings = toolSettings('verify', (await readRunFile(RUN_FILE))?.urls);
  const log = createLogger('verify', settings.LOG_LEVEL);
  surviveLostSockets(log);
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
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}
