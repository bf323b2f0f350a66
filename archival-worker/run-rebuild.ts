/**
 * `npm run rebuild`: restores an empty Redis from Postgres, see docs/runbooks/rebuild.md. Exit code
 * 0 when all is restored, 1 when not, 2 when it is but the archive lacked events.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRunFile } from '@outcry/local/run-file.ts';
import { ConfigError } from '@outcry/shared/runtime/config.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { toolSettings } from './config.ts';
import { runRebuild } from './create-rebuild.ts';
import { surviveLostSockets } from './lost-socket.ts';
import { RebuildRefusedError } from './rebuild/ports.ts';
import type { RebuildProgress } from './rebuild/rebuild.ts';

const RUN_FILE = join(fileURLToPath(new URL('..', import.meta.url)), '.local', 'run.json');

const progress: RebuildProgress = {
  say: (line) => console.log(line),
  restored: ({ auctionId, status, lastSeq }) =>
    console.log(`${auctionId}  ${status}  last seq ${lastSeq}`),
  gap: (auctionId, keptSeq, newestSeq) =>
    console.error(
      keptSeq === 0
        ? `${auctionId}  NOT RESTORED: its first event is not in the archive`
        : `${auctionId}  GOES BACK to seq ${keptSeq} of ${newestSeq}: the archive lacks the next event`,
    ),
};

try {
  const settings = toolSettings('rebuild', (await readRunFile(RUN_FILE))?.urls);
  const log = createLogger('rebuild', settings.LOG_LEVEL);
  surviveLostSockets(log);
  const { auctions, gaps } = await runRebuild(settings, progress, log);
  console.log(`Done: ${auctions} auctions are restored, bids are taken again.`);
  if (gaps > 0) {
    console.error(`${gaps} auctions lack events: see "Gaps" in docs/runbooks/rebuild.md.`);
    process.exitCode = 2;
  }
} catch (error) {
  const plain = error instanceof RebuildRefusedError || error instanceof ConfigError;
  console.error(plain ? error.message : error);
  process.exitCode = 1;
}
