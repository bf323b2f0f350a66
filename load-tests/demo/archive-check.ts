/** Whether Postgres holds every event of every auction exactly once; bounded waiting. */
import { setTimeout as pause } from 'node:timers/promises';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { eachWithLimit } from '../each-with-limit.ts';
import type { ArchivedRows } from './archived-rows.ts';

/** An auction and how many events it has: Postgres must hold seq 1 to this, each once. */
export interface Expected {
  readonly number: number;
  readonly auctionId: string;
  readonly events: number;
}

export interface ArchiveFinding {
  /** Auctions that are complete. */
  readonly complete: number;
  readonly events: number;
  /** One line for each auction that is not. */
  readonly faults: readonly string[];
}

const ASK_AGAIN_MS = 500;
const ASKED_AT_ONCE = 8;

type Check = (expected: readonly Expected[]) => Promise<ReadonlyMap<string, string>>;

/**
 * Repeats a check for what is not complete yet.
 * @param check gives the fault of each auction that has one, by id
 */
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
        events: complete.reduce((sum, { events }) => sum + events, 0),
        faults: missing.map((each) => `auction ${each.number}: ${faults.get(each.auctionId)}`),
      };
    }
    await pause(ASK_AGAIN_MS, undefined, { signal });
  }
}

/** Asks the history API. */
export const historyCheck =
  (client: OutcryClient): Check =>
  async (expected) => {
    const faults = new Map<string, string>();
    await eachWithLimit(expected, ASKED_AT_ONCE, async ({ auctionId, events }) => {
      const fault = await historyFault(client, auctionId, events);
      if (fault !== undefined) faults.set(auctionId, fault);
    });
    return faults;
  };

async function historyFault(
  client: OutcryClient,
  auctionId: string,
  events: number,
): Promise<string | undefined> {
  try {
    const { seq, archivedSeq, status } = await client.archivedAuction(auctionId);
    if (seq === events && archivedSeq === events && status === 'ended') return undefined;
    return `history says ${status}, seq ${seq}, archived up to ${archivedSeq}, not ${events}`;
  } catch (error) {
    if (error instanceof OutcryError) return `history says ${error.message}`;
    throw error;
  }
}

/** Looks at the rows themselves. */
export const rowsCheck =
  (read: (auctionIds: readonly string[]) => Promise<readonly ArchivedRows[]>): Check =>
  async (expected) => {
    let found: Map<string, ArchivedRows>;
    try {
      const rows = await read(expected.map(({ auctionId }) => auctionId));
      found = new Map(rows.map((each) => [each.auctionId, each]));
    } catch (error) {
      // Postgres may have been killed just now; it is asked again until the time is over.
      const reason = error instanceof Error ? error.message : String(error);
      return new Map(expected.map(({ auctionId }) => [auctionId, `Postgres: ${reason}`]));
    }
    const faults = new Map<string, string>();
    for (const { auctionId, events } of expected) {
      const fault = rowsFault(found.get(auctionId), events);
      if (fault !== undefined) faults.set(auctionId, fault);
    }
    return faults;
  };

/** Exactly seq 1 to `events`: so many rows, so many different ones, from the first to the last. */
export function rowsFault(rows: ArchivedRows | undefined, events: number): string | undefined {
  if (rows === undefined) return `no rows, not ${events}`;
  const { count, different, lowest, highest } = rows;
  if (count === events && different === events && lowest === 1 && highest === events) {
    return undefined;
  }
  return `${count} rows, ${different} different, seq ${lowest} to ${highest}, not 1 to ${events}`;
}
