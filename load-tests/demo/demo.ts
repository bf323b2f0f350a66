/**
 * `npm run demo`: replays 314 real eBay auctions through the running system and checks every
 * price and every archived event. Exit code 0 when all is as it must be, 1 when not.
 */
import { readFileSync } from 'node:fs';
import { demoSettings } from '../config.ts';
import { runProgram } from '../command-line.ts';
import { DEMO_USAGE, demoOptions, type DemoOptions } from './demo-options.ts';
import { createDemoUsers } from './demo-users.ts';
import { readEbayAuctions } from '../data/ebay-auctions.ts';
import { findSystem, type RunningSystem } from './find-system.ts';
import { bidLive } from './live-bidding.ts';
import { showProgress } from './progress.ts';
import { lookAtArchive, replayAll } from './replay-all.ts';
import { reportText } from './report.ts';
import { TimeScale } from './time-scale.ts';
import { verdictOn } from './verdict.ts';

const CSV = new URL('../data/ebay-auctions.csv', import.meta.url);

const auctions = readEbayAuctions(readFileSync(CSV, 'utf8'));
const bidders = [...new Set(auctions.flatMap(({ bids }) => bids.map(({ bidder }) => bidder)))];
const bids = auctions.reduce((sum, auction) => sum + auction.bids.length, 0);
/** Tells this run's users and keys from those of all others. */
const runId = `demo-${Date.now().toString(36)}`;

const say = (line: string): void => console.log(`- ${line}`);

async function replay(
  { weekSeconds, graceSeconds, archiveWaitSeconds }: DemoOptions,
  system: RunningSystem,
  signal: AbortSignal,
): Promise<boolean> {
  const startedAt = performance.now();
  const users = await createDemoUsers({ ...system, run: runId, bidders, signal });
  console.log(
    `Replaying ${auctions.length} eBay auctions (${bids.toLocaleString('en')} bids) at ${system.gatewayUrl}; seven days take ${weekSeconds} s.`,
  );
  const counts = { bids, auctions: auctions.length, answered: 0, opened: 0, closed: 0 };
  const progress = { ...counts, resent: () => users.resent() };
  const endProgress = showProgress(progress, process.stdout);
  const scale = new TimeScale(weekSeconds, graceSeconds);
  const { replayed, stopped } = await replayAll(
    auctions,
    { users, scale, run: runId, signal },
    progress,
  ).finally(endProgress);
  console.log('Waiting for the archive …');
  const archive = await lookAtArchive(replayed, {
    users,
    databaseUrl: system.databaseUrl,
    withinMs: archiveWaitSeconds * 1000,
    signal,
  });
  const verdict = verdictOn(replayed, stopped, archive);
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(`\n${reportText(verdict, archive, { bids, resent: users.resent(), seconds })}`);
  return verdict.faults.length === 0;
}

async function live(minutes: number, system: RunningSystem, signal: AbortSignal): Promise<void> {
  const users = await createDemoUsers({ ...system, run: runId, bidders, signal });
  console.log(`Simulated bidding for ${minutes} minutes; Ctrl-C ends it.`);
  if (system.webUrl !== undefined) console.log(`Watch it at ${system.webUrl}`);
  const over = AbortSignal.any([signal, AbortSignal.timeout(minutes * 60_000)]);
  await bidLive({ users, bidders, auctions, signal: over, say });
}

await runProgram(DEMO_USAGE, async (args, signal) => {
  const options = demoOptions(args);
  const system = await findSystem(demoSettings());
  if (options.liveMinutes === undefined) return replay(options, system, signal);
  await live(options.liveMinutes, system, signal);
  return true;
});
