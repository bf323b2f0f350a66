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
  const read = new ReadRows(auctionId, auction);
  let found = await read.firstFault(database);
  found ??=
    logged && (marksFault(logged, auction) ?? (await logFault(auctionId, logged, database, log)));
  return { rows: read.count, difference: found && { auctionId, ...found } };
}

type Fault = Omit<Difference, 'auctionId'>;

/** What is wrong, and with which event. */
const fault = (what: string, place?: Position): Fault => ({
  place: place && { epoch: place.epoch, seq: place.seq },
  what,
});

/** Goes through an auction's rows: their bytes, their order, the state and the seal. */
class ReadRows {
  count = 0;
  readonly #auctionId: string;
  readonly #auction: StoredAuction | undefined;
  readonly #chain: HashChain;
  /** The last row of the history so far. */
  #last = BEFORE_ALL;
  #stateSeen = false;

  constructor(auctionId: string, auction: StoredAuction | undefined) {
    this.#auctionId = auctionId;
    this.#auction = auction;
    this.#chain = new HashChain(auctionId);
  }

  async firstFault(database: Database): Promise<Fault | undefined> {
    const all = pagesOf((last: Position = BEFORE_ALL) =>
      rowsAfter(database, this.#auctionId, last, ROWS_AT_ONCE),
    );
    for await (const rows of all) {
      for (const row of rows) {
        this.count += 1;
        const found = this.#faultOf(row);
        if (found !== undefined) return found;
      }
    }
    return this.#faultAtEnd();
  }

  #faultOf(row: StoredRow): Fault | undefined {
    const { event, fault: wrong } = checkRow(this.#auctionId, row);
    if (event === undefined) return fault(wrong, row);
    const auction = this.#auction;
    if (auction?.epoch === row.epoch && auction.seq === row.seq) {
      this.#stateSeen = true;
      const otherwise = stateFault(auction, event);
      if (otherwise !== undefined) return fault(otherwise, row);
    }
    if (!row.isHistory) return undefined;
    // Behind the archived prefix events may still be on their way.
    if (row.seq !== this.#last.seq + 1) return this.#missing();
    this.#last = row;
    const head = this.#chain.add(chained(row));
    const seal = auction?.seal;
    if (seal === undefined || row.seq > seal.seq) return undefined;
    const link = Buffer.from(seal.links)
      .subarray((row.seq - 1) * LINK_BYTES, row.seq * LINK_BYTES)
      .toString('hex');
    return head.startsWith(link) ? undefined : fault('the row is not the one that was sealed', row);
  }

  #faultAtEnd(): Fault | undefined {
    const auction = this.#auction;
    if (auction === undefined) {
      return this.count === 0 ? undefined : fault('it has events but no row in "auctions"');
    }
    const missing = this.#missing();
    if (missing !== undefined) return missing;
    if (!this.#stateSeen) return fault('the event that the state comes from is missing', auction);
    const { seal } = auction;
    if (seal === undefined) return undefined;
    if (this.#last.seq !== seal.seq || this.#last.epoch !== seal.epoch) {
      return fault(`the history ends here, the seal's at seq ${seal.seq}`, this.#last);
    }
    if (this.#chain.head === seal.head) return undefined;
    return fault('the chain does not end in the sealed head', seal);
  }

  /** Where the archived prefix goes on behind the last row. */
  #missing(): Fault | undefined {
    const { epoch, seq } = this.#last;
    if (seq >= (this.#auction?.archivedSeq ?? 0)) return undefined;
    return fault('the row is missing', { epoch: Math.max(epoch, 1), seq: seq + 1 });
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
  { archivedEpoch: epoch, archivedSeq: seq, isSealed }: LoggedAuction,
  auction: StoredAuction | undefined,
): Fault | undefined {
  const place = { epoch, seq };
  if (auction === undefined) {
    return seq === 0 ? undefined : fault('Redis calls it archived; it is not', place);
  }
  if (epoch === auction.epoch && seq > auction.archivedSeq) {
    return fault(`Redis calls it archived; it is up to ${auction.archivedSeq}`, place);
  }
  if (!isSealed || auction.seal !== undefined) return undefined;
  return fault('Redis calls it sealed; it is not');
}

/** The first event of Redis's log that Postgres should hold and does not, or holds otherwise. */
async function logFault(
  auctionId: string,
  { archivedEpoch, archivedSeq }: LoggedAuction,
  database: Database,
  log: VerifiedLog,
): Promise<Fault | undefined> {
  for await (const entries of log.entries(auctionId)) {
    const events = entries.flatMap((entry) => decodeEntry(auctionId, Buffer.from(entry)));
    const holdings = await holdingsOf(database, events);
    for (const [i, event] of events.entries()) {
      const isArchived = event.epoch <= archivedEpoch && event.seq <= archivedSeq;
      if (holdings[i] === 'same' || (holdings[i] === 'missing' && !isArchived)) continue;
      const what =
        holdings[i] === 'missing'
          ? "it is in Redis's log, and archived as Redis knows, but the row is missing"
          : "the row differs from Redis's log";
      return fault(what, event);
    }
  }
  return undefined;
}
