/**
 * `npm run rebuild`: restores an empty Redis from Postgres, see docs/runbooks/rebuild.md. Exit code
 * 0 when all is restored, 1 when not, 2 when it is but the archive lacked events.
 */
import { runRebuild } from './create-rebuild.ts';
import { RebuildRefusedError } from './rebuild/rebuild-refused.ts';
import type { RebuildProgress } from './rebuild/rebuild.ts';
import { runTool } from './tool.ts';

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

await runTool(
  'rebuild',
  () => async (settings, log) => {
    const { auctions, gaps } = await runRebuild(settings, progress, log);
    console.log(`Done: ${auctions} auctions are restored, bids are taken again.`);
    if (gaps > 0) {
      console.error(`${gaps} auctions lack events: see "Gaps" in docs/runbooks/rebuild.md.`);
      process.exitCode = 2;
    }
  },
  [RebuildRefusedError],
);
