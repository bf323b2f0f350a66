/** Holds Postgres against Redis, JetStream, the seals and the statistics. Changes nothing. */
import { hash } from 'node:crypto';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import type { Database } from '../adapters/postgres/database.ts';
import { decodeEntry, UndecodableError } from '../archive/decode-entry.ts';
import { pagesOf } from '../pages.ts';
import type { Difference } from './difference.ts';
import { faultsOfAuctions, faultsOfTotals } from './statistics-check.ts';
import {
  auctionIdsAfter,
  holdingsOf,
  isDeadLetter,
  storedAuction,
  type HeldEvent,
} from './verified-archive.ts';
import type { VerifiedLog } from './verified-log.ts';
import type { StreamMessage } from './verified-stream.ts';
import { verifyAuction } from './verify-auction.ts';

const IDS_AT_ONCE = 200;
const AUCTIONS_AT_ONCE = 4;
/** A system in use moves on while it is read; what is wrong stays wrong for this long. */
const LOOK_AGAIN_AFTER_MS = 500;

export interface VerifyParts {
  readonly database: Database;
  readonly log: VerifiedLog;
  /** All messages of JetStream, in pieces; of one auction when it is named. */
  readonly streamed: (auctionId?: string) => AsyncIterable<readonly StreamMessage[]>;
  /** Called now and then with what was done so far. */
  readonly progress: (done: VerifyCounts) => void;
  /** Called for each difference, at most one an auction. */
  readonly found: (difference: Difference) => void;
}

export interface VerifyCounts {
  readonly auctions: number;
  readonly rows: number;
  readonly messages: number;
  readonly differences: number;
}

/** @throws Error when a server does not answer: then nothing is proven */
export class Verify {
  readonly #parts: VerifyParts;
  readonly #faulty = new Set<string | undefined>();
  readonly #done = { auctions: 0, rows: 0, messages: 0 };

  constructor(parts: VerifyParts) {
    this.#parts = parts;
  }

  get counts(): VerifyCounts {
    return { ...this.#done, differences: this.#faulty.size };
  }

  /** One auction. */
  async one(auctionId: string): Promise<VerifyCounts> {
    await this.#auction(auctionId);
    await this.#stream(auctionId);
    await this.#statistics([auctionId]);
    return this.counts;
  }

  /** Every auction that Postgres or Redis knows, every message, and the totals of users. */
  async all(): Promise<VerifyCounts> {
    const { database, log, progress } = this.#parts;
    await this.#eachKnown(async (ids) => {
      await this.#each(ids);
      progress(this.counts);
    });
    for await (const ids of log.auctionIds()) {
      const unknown: string[] = [];
      for (const id of ids) if ((await storedAuction(database, id)) === undefined) unknown.push(id);
      await this.#each(unknown);
    }
    await this.#stream();
    await this.#eachKnown((ids) => this.#statistics(ids));
    for (const fault of await faultsOfTotals(database)) this.#report(fault);
    return this.counts;
  }

  async #eachKnown(work: (auctionIds: readonly string[]) => Promise<void>): Promise<void> {
    const all = pagesOf<string>((last = '') =>
      auctionIdsAfter(this.#parts.database, last, IDS_AT_ONCE),
    );
    for await (const ids of all) await work(ids);
  }

  async #each(ids: readonly string[]): Promise<void> {
    for (const some of chunksOf(ids, AUCTIONS_AT_ONCE)) {
      await Promise.all(some.map((id) => this.#auction(id)));
    }
  }

  async #auction(auctionId: string): Promise<void> {
    const { database, log } = this.#parts;
    let { rows, difference } = await verifyAuction(auctionId, database, log);
    if (difference !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_AFTER_MS));
      ({ rows, difference } = await verifyAuction(auctionId, database, log));
    }
    this.#done.auctions += 1;
    this.#done.rows += rows;
    if (difference !== undefined) this.#report(difference);
  }

  async #statistics(auctionIds: readonly string[]): Promise<void> {
    const faults = await faultsOfAuctions(this.#parts.database, auctionIds);
    for (const fault of faults) this.#report(fault);
  }

  async #stream(auctionId?: string): Promise<void> {
    const { database, streamed, progress } = this.#parts;
    for await (const messages of streamed(auctionId)) {
      this.#done.messages += messages.length;
      const events: HeldEvent[] = [];
      const archived = new Set<HeldEvent>();
      for (const message of messages) {
        const held = await this.#eventsOf(message);
        events.push(...held);
        if (message.isArchived) for (const event of held) archived.add(event);
      }
      const holdings = await holdingsOf(database, events);
      for (const [i, event] of events.entries()) {
        const holding = holdings[i];
        if (holding === 'other') this.#reportEvent(event, 'the row differs from JetStream');
        if (holding === 'missing' && archived.has(event)) {
          this.#reportEvent(event, 'JetStream has it as archived, but the row is missing');
        }
      }
      progress(this.counts);
    }
  }

  /** None for a message that is no event; one that was archived must be kept as a dead letter. */
  async #eventsOf({ subject, body, isArchived }: StreamMessage): Promise<HeldEvent[]> {
    const auctionId = subject.slice(subject.lastIndexOf('.') + 1);
    try {
      return decodeEntry(subject, body);
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      const { database } = this.#parts;
      if (isArchived && !(await isDeadLetter(database, hash('sha256', body, 'hex')))) {
        const what = 'a message in JetStream is no event, and no dead letter either';
        this.#report({ auctionId, place: undefined, what });
      }
      return [];
    }
  }

  #reportEvent({ auctionId, epoch, seq }: HeldEvent, what: string): void {
    this.#report({ auctionId, place: { epoch, seq }, what });
  }

  /** The first one of each auction. */
  #report(difference: Difference): void {
    if (this.#faulty.has(difference.auctionId)) return;
    this.#faulty.add(difference.auctionId);
    this.#parts.found(difference);
  }
}
