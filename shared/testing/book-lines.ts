/** Valid log entries of books for tests, in the bytes that the decide script writes; see event-lines.ts. */
import { createHash } from 'node:crypto';
import type { BookEvent, BookEventType, BookFacts } from '../contracts/books.ts';
import { entryMessageId, type AuctionStatus } from '../contracts/events.ts';
import { eventSubject } from '../contracts/keys.ts';
import type { SaleTerms } from '../contracts/sales.ts';
import type { TestEntry } from './event-lines.ts';

const START_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 1_000;

/** Writes a book, one event an entry. What is written is the test's to decide. */
export class TestBook {
  readonly bookId: string;
  readonly #shard: number;
  #epoch = 1;
  #seq = 0;
  #now: number;
  #status: AuctionStatus = 'scheduled';
  /** The epoch and status after each seq of the present history. */
  #after: { readonly epoch: number; readonly status: AuctionStatus }[] = [];

  constructor(bookId: string, shard = 0, startMs = START_MS) {
    this.bookId = bookId;
    this.#shard = shard;
    this.#now = startMs;
  }

  /** The next event, a second after the one before. */
  write(
    type: BookEventType,
    facts: BookFacts = {},
    shown: Partial<Pick<BookEvent, 'status' | 'reason' | 'parent'>> = {},
  ): TestEntry {
    const { bookId } = this;
    const { status = this.#status, ...more } = shown;
    this.#seq += 1;
    this.#now += STEP_MS;
    this.#status = status;
    this.#after[this.#seq - 1] = { epoch: this.#epoch, status };
    const at = new Date(this.#now).toISOString();
    const event = { epoch: this.#epoch, seq: this.#seq, type, at, status, ...more };
    const salt = md5(`${bookId}:${this.#epoch}:${this.#seq}`);
    const { userId, ...rest } = facts;
    const command =
      userId === undefined ? {} : { userId, key: `${type}-${this.#seq}`, fingerprint: md5(type) };
    return {
      auctionId: bookId,
      subject: eventSubject(this.#shard, bookId),
      messageId: entryMessageId(bookId, this.#epoch, this.#seq),
      text:
        `{"v":1,"auctionId":"${bookId}","public":${JSON.stringify(event)},"salt":"${salt}",` +
        `"private":${JSON.stringify({ ...command, ...rest })}}`,
      epoch: this.#epoch,
      lastSeq: this.#seq,
    };
  }

  /** Redis restarted, with the book as it was after `fork`. */
  restart(fork: number = this.#seq): TestEntry {
    const kept = this.#after[fork - 1];
    if (kept === undefined) throw new Error(`the book has no event ${fork}`);
    this.#after = this.#after.slice(0, fork);
    this.#seq = fork;
    this.#status = kept.status;
    this.#epoch += 1;
    return this.write('epoch', { fork }, { parent: kept.epoch });
  }
}

/** A sale's book. */
export class TestSale extends TestBook {
  readonly terms: SaleTerms;

  constructor(id: string, terms: Partial<SaleTerms> = {}, shard = 0, startMs = START_MS) {
    super(id, shard, startMs);
    this.terms = {
      id,
      sellerId: 'seller-1',
      title: 'Lamps of a collection',
      currency: 'EUR',
      firstLotEndsAt: '2026-01-02T00:00:00.000Z',
      staggerSeconds: 60,
      registration: 'approval',
      softClose: { windowSeconds: 30, extendSeconds: 30 },
      graceSeconds: 120,
      ...terms,
    };
  }

  create(): TestEntry {
    return this.write('scheduled', { userId: this.terms.sellerId, sale: this.terms });
  }

  edit(terms: Partial<SaleTerms>): TestEntry {
    return this.write('edited', {
      userId: this.terms.sellerId,
      sale: { ...this.terms, ...terms },
    });
  }

  register(userId: string, paddle: number, limit = 0): TestEntry {
    return this.write('registered', { userId, paddle, status: 'pending', limit });
  }

  admit(
    bidder: string,
    paddle: number,
    status: 'approved' | 'refused' | 'blocked',
    limit = 0,
  ): TestEntry {
    return this.write('admitted', {
      userId: this.terms.sellerId,
      bidder,
      paddle,
      status,
      limit,
    });
  }

  start(): TestEntry {
    return this.write('started', {}, { status: 'live' });
  }

  end(): TestEntry {
    return this.write('ended', {}, { status: 'ended' });
  }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
