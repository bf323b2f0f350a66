/** Replays all auctions at once and looks at what the archive holds of them afterwards. */
import { eachWithLimit } from '../each-with-limit.ts';
import { openEventTable } from './archived-rows.ts';
import {
  historyCheck,
  rowsCheck,
  untilComplete,
  type ArchiveFinding,
  type Expected,
} from './archive-check.ts';
import type { DemoUsers } from './demo-users.ts';
import type { EbayAuction } from './ebay-auctions.ts';
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
  const expected = replayed.map(({ ebay, auctionId, final }): Expected => ({
    number: ebay.number,
    auctionId,
    events: final.seq,
  }));
  const history = untilComplete(expected, historyCheck(users.seller), withinMs, signal);
  if (databaseUrl === undefined) return { 'the history API': await history };
  const table = openEventTable(databaseUrl);
  try {
    const rows = untilComplete(
      expected,
      rowsCheck((ids) => table.read(ids)),
      withinMs,
      signal,
    );
    const [byHistory, byRows] = await Promise.all([history, rows]);
    return { 'the history API': byHistory, 'Postgres itself': byRows };
  } finally {
    await table.close();
  }
}
