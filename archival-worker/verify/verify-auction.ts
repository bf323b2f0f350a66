/** Looks for the first thing about an auction on which Postgres and Redis do not agree. */
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { Database } from '../adapters/postgres/database.ts';
import { decodeEntry } from '../archive/decode-entry.ts';
import { pagesOf } from '../pages.ts';
import { HashChain, LINK_BYTES, type ChainedEvent, type HiddenEvent } from '../seal/hash-chain.ts';
import { checkRow, stateFault } from './check-row.ts';
import type { Difference } from './difference.ts';
import {
  holdingsOf,
  rowsAfter,
  storedAuction,
  type StoredAuction,
  type StoredRow,
} from './verified-archive.ts';
import type { LoggedAuction, VerifiedLog } from './verified-log.ts';

const ROWS_AT_ONCE = 1_000;
const BEFORE_ALL: Position = { epoch: 0, seq: 0 };

export interface VerifiedAuction {
  /** Rows of the archive that were read. */
  readonly rows: number;
  readonly difference: Difference | undefined;
}

/** @throws Error when a server does not answer */
export async function verifyAuction(
  auctionId: string,
  database: Database,
  log: VerifiedLog,
): Promise<VerifiedAuction> {
  // Redis first, then the auction's row, then its events: what is said to be there must be.
  const logged = await log.auction(auctionId);
  const auction = await storedAuction(database, auctionId);
  const rows = new RowsOfAuction(auctionId, auction);
  let difference = await rows.read(database);
  difference ??= marksFault(auctionId, logged, auction);
  if (logged !== undefined) difference ??= await logFault(auctionId, logged, database, log);
  return { rows: rows.count, difference };
}

/** Goes through an auction's rows: their bytes, their order, the state and the seal. */
class RowsOfAuction {
  readonly #auctionId: string;
  readonly #auction: StoredAuction | undefined;
  readonly #chain: HashChain;
  /** The last row of the history so far. */
  #last = BEFORE_ALL;
  #count = 0;
  #stateSeen = false;

  constructor(auctionId: string, auction: StoredAuction | undefined) {
    this.#auctionId = auctionId;
    this.#auction = auction;
    this.#chain = new HashChain(auctionId);
  }

  get count(): number {
    return this.#count;
  }

  async read(database: Database): Promise<Difference | undefined> {
    const all = pagesOf((last: Position = BEFORE_ALL) =>
      rowsAfter(database, this.#auctionId, last, ROWS_AT_ONCE),
    );
    for await (const rows of all) {
      for (const row of rows) {
        const what = this.#rowFault(row);
        if (what !== undefined) return what;
      }
    }
    return this.#faultAtEnd();
  }

  #rowFault(row: StoredRow): Difference | undefined {
    this.#count += 1;
    const { event, fault } = checkRow(this.#auctionId, row);
    if (event === undefined) return this.#difference(row, fault);
    const auction = this.#auction;
    if (auction?.epoch === row.epoch && auction.seq === row.seq) {
      this.#stateSeen = true;
      const wrong = stateFault(auction, event);
      if (wrong !== undefined) return this.#difference(row, wrong);
    }
    if (!row.isHistory) return undefined;
    const archived = auction?.archivedSeq ?? 0;
    if (row.seq !== this.#last.seq + 1) {
      // Behind the archived prefix events may still be on their way.
      return this.#last.seq < archived ? this.#missing() : undefined;
    }
    this.#last = row;
    const head = this.#chain.add(chained(row));
    const seal = auction?.seal;
    if (seal === undefined || row.seq > seal.seq) return undefined;
    const link = Buffer.from(seal.links)
      .subarray((row.seq - 1) * LINK_BYTES, row.seq * LINK_BYTES)
      .toString('hex');
    if (head.startsWith(link)) return undefined;
    return this.#difference(row, 'the row is not the one that was sealed');
  }

  #faultAtEnd(): Difference | undefined {
    const auction = this.#auction;
    if (auction === undefined) {
      if (this.#count === 0) return undefined;
      return this.#difference(undefined, 'it has events but no row in "auctions"');
    }
    if (this.#last.seq < auction.archivedSeq) return this.#missing();
    if (!this.#stateSeen) {
      return this.#difference(auction, 'the event that the state comes from is missing');
    }
    const { seal } = auction;
    if (seal === undefined) return undefined;
    if (this.#last.seq !== seal.seq || this.#last.epoch !== seal.epoch) {
      return this.#difference(this.#last, `the history ends here, the seal's at seq ${seal.seq}`);
    }
    if (this.#chain.head === seal.head) return undefined;
    return this.#difference(seal, 'the chain does not end in the sealed head');
  }

  #missing(): Difference {
    const { epoch, seq } = this.#last;
    return this.#difference({ epoch: Math.max(epoch, 1), seq: seq + 1 }, 'the row is missing');
  }

  #difference(place: Position | undefined, what: string): Difference {
    return { auctionId: this.#auctionId, place, what };
  }
}

function chained(row: StoredRow): ChainedEvent | HiddenEvent {
  const { publicText, salt, privateText, hidden } = row;
  return hidden === null
    ? { publicText, salt: salt ?? '', privateText: privateText ?? '' }
    : { publicText, hidden };
}

/** What Redis says about the archive that is not so. */
function marksFault(
  auctionId: string,
  logged: LoggedAuction | undefined,
  auction: StoredAuction | undefined,
): Difference | undefined {
  const fault = (place: Position | undefined, what: string) => ({ auctionId, place, what });
  if (logged === undefined) return undefined;
  const { archivedEpoch: epoch, archivedSeq: seq } = logged;
  if (auction === undefined) {
    return seq === 0 ? undefined : fault({ epoch, seq }, 'Redis calls it archived; it is not');
  }
  if (epoch === auction.epoch && seq > auction.archivedSeq) {
    return fault({ epoch, seq }, `Redis calls it archived; it is up to ${auction.archivedSeq}`);
  }
  if (logged.isSealed && auction.seal === undefined) {
    return fault(undefined, 'Redis calls it sealed; it is not');
  }
  return undefined;
}

/** The first event of Redis's log that Postgres should hold and does not, or holds otherwise. */
async function logFault(
  auctionId: string,
  { archivedEpoch, archivedSeq }: LoggedAuction,
  database: Database,
  log: VerifiedLog,
): Promise<Difference | undefined> {
  for await (const entries of log.entries(auctionId)) {
    const events = entries.flatMap((entry) => decodeEntry(auctionId, Buffer.from(entry)));
    const holdings = await holdingsOf(database, events);
    for (const [i, { epoch, seq }] of events.entries()) {
      const holding = holdings[i];
      if (holding === 'same') continue;
      const isArchived = epoch <= archivedEpoch && seq <= archivedSeq;
      if (holding === 'missing' && !isArchived) continue;
      return {
        auctionId,
        place: { epoch, seq },
        what:
          holding === 'missing'
            ? "it is in Redis's log, and archived as Redis knows, but the row is missing"
            : "the row differs from Redis's log",
      };
    }
  }
  return undefined;
}
