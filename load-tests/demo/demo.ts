/**
 * `npm run demo`: replays 314 real eBay auctions through the running system and checks every
 * price and every archived event. Exit code 0 when all is as it must be, 1 when not.
 */
import { runProgram, whole } from '../command-line.ts';
import { EBAY_AUCTIONS, timeScale } from '../data/ebay-auctions.ts';
import { bidLive } from './live-bidding.ts';
import { createDemoUsers, DEMO_USAGE, demoOptions, findSystem, replayAll } from './replay.ts';
import type { DemoUsers, ReplayTools } from './replay.ts';
import { lookAtArchive, reportText, verdictOn } from './verdict.ts';

const SHOW_EVERY_MS = process.stdout.isTTY ? 200 : 2_000;
const allBids = EBAY_AUCTIONS.flatMap((auction) => auction.bids);
const bids = allBids.length;
const bidders = [...new Set(allBids.map(({ bidder }) => bidder))];
/** Tells this run's users and keys from those of all others. */
const run = `demo-${Date.now().toString(36)}`;

/** One line that is written again on a terminal, and a line now and then elsewhere. */
function show({ answered, opened, closed }: ReplayTools['progress'], users: DemoUsers): void {
  const text = `${whole(answered)} of ${whole(bids)} bids · ${opened - closed} auctions live, ${closed} closed · ${users.resent()} requests sent again`;
  process.stdout.write(process.stdout.isTTY ? `\r${text}` : `${text}\n`);
}

await runProgram(DEMO_USAGE, async (args, signal) => {
  const { seconds: weekSeconds, grace, 'archive-wait': wait, live, minutes } = demoOptions(args);
  const { gatewayUrl, databaseUrl, webUrl, ...system } = await findSystem();
  const users = await createDemoUsers({ gatewayUrl, ...system }, run, bidders, signal);
  if (live) {
    console.log(`Simulated bidding for ${minutes} minutes; Ctrl-C ends it.`);
    if (webUrl !== undefined) console.log(`Watch it at ${webUrl}`);
    const over = AbortSignal.any([signal, AbortSignal.timeout(minutes * 60_000)]);
    await bidLive(users, bidders, over);
    return true;
  }
  const startedAt = performance.now();
  console.log(
    `Replaying ${EBAY_AUCTIONS.length} eBay auctions (${whole(bids)} bids) at ${gatewayUrl}; seven days take ${weekSeconds} s.`,
  );
  const progress = { answered: 0, opened: 0, closed: 0 };
  const showing = setInterval(() => show(progress, users), SHOW_EVERY_MS);
  const scale = timeScale(weekSeconds, grace);
  const tools = { users, scale, run, signal, progress };
  const { replayed, stopped } = await replayAll(EBAY_AUCTIONS, tools).finally(() => {
    clearInterval(showing);
    show(progress, users);
  });
  console.log('\nWaiting for the archive …');
  const limit = { withinMs: wait * 1000, signal };
  const archive = await lookAtArchive(replayed, users.seller, databaseUrl, limit);
  const verdict = verdictOn(replayed, stopped, archive);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`\n${reportText(verdict, archive, { bids, resent: users.resent(), seconds })}`);
  return verdict.faults.length === 0;
});
