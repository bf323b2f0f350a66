/** Replays all auctions at once and looks at what the archive holds of them afterwards. */
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import {
  historyCheck,
  rowsCheck,
  untilComplete,
  type ArchiveFinding,
  type Check,
  type Expected,
} from './archive-check.ts';
import type { DemoUsers } from './demo-users.ts';
import type { EbayAuction } from '../data/ebay-auctions.ts';
import type { Progress } from './progress.ts';
import { openAuction, replayAuction, type Replayed, type ReplayTools } from './replay-auction.ts';

const OPENED_AT_ONCE = 32;

export interface ReplayOfAll {
  readonly replayed: readonly Replayed[];
  /** One line for each auction whose replay failed. */
  readonly stopped: readonly string[];
}

/** Opens the auctions, a bounded number at a time; each runs from its own start. */
export async function replayAll(
  auctions: readonly EbayAuction[],
  tools: Omit<ReplayTools, 'onAnswer'>,
  progress: Progress,
): Promise<ReplayOfAll> {
  const onAnswer = (): void => void (progress.answered += 1);
  const all: ReplayTools = { ...tools, onAnswer };
  const stopped: string[] = [];
  const runs: Promise<Replayed | undefined>[] = [];
  const attempt = async <T>(ebay: EbayAuction, step: Promise<T>): Promise<T | undefined> => {
    try {
      return await step;
    } catch (error) {
      tools.signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      stopped.push(`auction ${ebay.number}: stopped by ${reason}`);
      return undefined;
    }
  };
  await eachWithLimit(auctions, OPENED_AT_ONCE, async (ebay) => {
    const running = await attempt(ebay, openAuction(ebay, all));
    if (running === undefined) return;
    progress.opened += 1;
    const run = attempt(ebay, replayAuction(running, all)).finally(() => (progress.closed += 1));
    // Awaited below; until then a failure must not count as unnoticed.
    run.catch(() => undefined);
    runs.push(run);
  });
  const replayed = await Promise.all(runs);
  return { replayed: replayed.filter((each) => each !== undefined), stopped };
}

export interface ArchiveQuestion {
  readonly users: DemoUsers;
  readonly databaseUrl: string | undefined;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

/** What history says, and what Postgres itself holds where it can be asked. */
export async function lookAtArchive(
  replayed: readonly Replayed[],
  { users, databaseUrl, withinMs, signal }: ArchiveQuestion,
): Promise<Record<string, ArchiveFinding>> {
  const expected = replayed.map(
    ({ ebay, auctionId, acceptedSeqs, final: { epoch, seq } }): Expected => ({
      number: ebay.number,
      auctionId,
      epoch,
      seq,
      acceptedSeqs,
    }),
  );
  const checks: Record<string, Check> = {
    'the history API': historyCheck(users.seller),
    ...(databaseUrl !== undefined && { 'Postgres itself': rowsCheck(databaseUrl) }),
  };
  const findings = Object.entries(checks).map(
    async ([who, check]) => [who, await untilComplete(expected, check, withinMs, signal)] as const,
  );
  return Object.fromEntries(await Promise.all(findings));
}
