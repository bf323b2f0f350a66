/** Whether the archive holds every event of every auction exactly once; bounded waiting. */
import { setTimeout as pause } from 'node:timers/promises';
import connect from 'postgres';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { readArchivedEvents } from '../accounts/archived-events.ts';
import { faultsOf, reconcile } from '../accounts/reconcile.ts';
import { errorText } from '../command-line.ts';
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import type { Replayed } from './replay.ts';
import type { DemoUsers } from './users.ts';

/** An auction that ended, with the seqs of the bids that were accepted. */
interface Expected {
  readonly number: number;
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly acceptedSeqs: readonly number[];
}

export interface ArchiveFinding {
  /** Auctions that are complete. */
  readonly complete: number;
  readonly events: number;
  /** One line for each auction that is not. */
  readonly faults: readonly string[];
}

/** Gives the fault of each auction that has one, by id. */
type Check = (expected: readonly Expected[]) => Promise<ReadonlyMap<string, string>>;

const ASK_AGAIN_MS = 500;
const ASKED_AT_ONCE = 8;
const CONNECT_LIMIT_S = 2;
const QUERY_LIMIT_MS = 10_000;
const CLOSE_LIMIT_S = 2;

/** What history says, and what Postgres itself holds where it can be asked. */
export async function lookAtArchive(
  replayed: readonly Replayed[],
  users: DemoUsers,
  databaseUrl: string | undefined,
  withinMs: number,
  signal: AbortSignal,
): Promise<Record<string, ArchiveFinding>> {
  const expected = replayed.map(
    ({ ebay: { number }, auctionId, acceptedSeqs, final: { epoch, seq } }): Expected => {
      return { number, auctionId, epoch, seq, acceptedSeqs };
    },
  );
  const history = untilComplete(expected, historyCheck(users.seller), withinMs, signal);
  if (databaseUrl === undefined) return { 'the history API': await history };
  const rows = untilComplete(expected, rowsCheck(databaseUrl), withinMs, signal);
  const [byHistory, byRows] = await Promise.all([history, rows]);
  return { 'the history API': byHistory, 'Postgres itself': byRows };
}

/** Repeats a check for what is not complete yet. */
export async function untilComplete(
  expected: readonly Expected[],
  check: Check,
  withinMs: number,
  signal: AbortSignal,
): Promise<ArchiveFinding> {
  const until = performance.now() + withinMs;
  let missing = expected;
  for (;;) {
    const faults = await check(missing);
    missing = missing.filter(({ auctionId }) => faults.has(auctionId));
    if (missing.length === 0 || performance.now() > until) {
      const complete = expected.filter((each) => !missing.includes(each));
      return {
        complete: complete.length,
        events: complete.reduce((sum, { seq }) => sum + seq, 0),
        faults: missing.map((each) => `auction ${each.number}: ${faults.get(each.auctionId)}`),
      };
    }
    await pause(ASK_AGAIN_MS, undefined, { signal });
  }
}

/** Asks the history API. */
const historyCheck =
  (client: OutcryClient): Check =>
  async (expected) => {
    const faults = new Map<string, string>();
    await eachWithLimit(expected, ASKED_AT_ONCE, async ({ auctionId, seq: events }) => {
      try {
        const { seq, archivedSeq, status } = await client.archivedAuction(auctionId);
        if (seq === events && archivedSeq === events && status === 'ended') return;
        const found = `history says ${status}, seq ${seq}, archived up to ${archivedSeq}`;
        faults.set(auctionId, `${found}, not ${events}`);
      } catch (error) {
        if (!(error instanceof OutcryError)) throw error;
        faults.set(auctionId, `history says ${error.message}`);
      }
    });
    return faults;
  };

/** Compares the rows themselves with what bidders were told. */
export const rowsCheck =
  (databaseUrl: string): Check =>
  async (expected) => {
    const sql = connect(databaseUrl, {
      max: 1,
      connect_timeout: CONNECT_LIMIT_S,
      connection: { statement_timeout: QUERY_LIMIT_MS },
    });
    try {
      const archived = await readArchivedEvents(
        sql,
        expected.map(({ auctionId }) => auctionId),
      );
      const faults = faultsOf(
        reconcile({
          accepted: expected.flatMap(({ auctionId, acceptedSeqs }) =>
            acceptedSeqs.map((seq) => ({ auctionId, seq })),
          ),
          unknown: 0,
          heads: new Map(expected.map(({ auctionId, ...head }) => [auctionId, head])),
          archived,
        }),
      );
      return new Map(faults.toReversed().map((fault) => [fault.split(/[ :]/)[0] ?? '', fault]));
    } catch (error) {
      // Postgres may have been killed just now; it is asked again until the time is over.
      const reason = `Postgres: ${errorText(error)}`;
      return new Map(expected.map(({ auctionId }) => [auctionId, reason]));
    } finally {
      await sql.end({ timeout: CLOSE_LIMIT_S });
    }
  };
