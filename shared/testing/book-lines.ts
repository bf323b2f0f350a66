/** Valid log entries of books for tests, in the bytes that the decide script writes; see event-lines.ts. */
import type { BookEvent, BookEventType, BookFacts } from '../contracts/books.ts';
import type { AuctionStatus } from '../contracts/events.ts';
import type { SaleTerms } from '../contracts/sales.ts';
import { md5, TestLog, type TestEntry } from './event-lines.ts';

const START_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 1_000;

/** Writes a book, one event an entry. What is written is the test's to decide. */
export class TestBook extends TestLog<AuctionStatus> {
  readonly bookId: string;
  #status: AuctionStatus = 'scheduled';

  constructor(bookId: string, shard = 0, startMs = START_MS) {
    super(bookId, shard, startMs);
    this.bookId = bookId;
  }

  /** The next event, a second after the one before. */
  write(
    type: BookEventType,
    facts: BookFacts = {},
    shown: Partial<Pick<BookEvent, 'status' | 'reason' | 'parent'>> = {},
  ): TestEntry {
    const { status = this.#status, ...more } = shown;
    this.#status = status;
    this.now += STEP_MS;
    const { userId, ...rest } = facts;
    const key = `${type}-${this.seq + 1}`;
    const command = userId === undefined ? {} : { userId, key, fingerprint: md5(type) };
    return this.entry([this.line(type, { status, ...more }, { ...command, ...rest }, status)]);
  }

  /** Redis restarted, with the book as it was after `fork`. */
  restart(fork: number = this.seq): TestEntry {
    const { kept, epoch: parent } = this.rollBack(fork);
    this.#status = kept;
    return this.write('epoch', { fork }, { parent });
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
