/** Folds the absentee bids of an auction into what Redis held of them. */
import type { BookEvent, BookFacts } from '@outcry/shared/contracts/books.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { AuctionStatus } from '@outcry/shared/contracts/events.ts';
import type { FirstAnswer } from './first-answers.ts';
import { NO_SERVER, watermarksOf, type ArchivedEvent } from './restored-auction.ts';

export interface RestoredAbsentees {
  /** Of the book. */
  readonly auctionId: string;
  readonly status: AuctionStatus;
  readonly fields: Readonly<Record<string, string>>;
  /** Of the auction they are bids in: its field `absentees`; undefined where none is left. */
  readonly absentees: string | undefined;
  readonly lastSeq: number;
}

/** Takes one book's events in order, up to the first gap. */
export class AbsenteesRestoration {
  readonly #bookId: string;
  /** A line for each bidder, in the order in which they were left. */
  readonly #lines = new Map<string, string>();
  #last: BookEvent | undefined;

  constructor(bookId: string) {
    this.#bookId = bookId;
  }

  get lastSeq(): number {
    return this.#last?.seq ?? 0;
  }

  /** Takes the next event; undefined when an event is missing before this one. */
  take({ publicText, salt, privateText }: ArchivedEvent): readonly FirstAnswer[] | undefined {
    const shown = ownJson<BookEvent>(publicText);
    if (shown.seq !== this.lastSeq + 1) return undefined;
    this.#last = shown;
    const { userId = '', bidId, maxAmount, fingerprint, key } = ownJson<BookFacts>(privateText);
    if (shown.type === 'closed') this.#lines.clear();
    if (shown.type === 'left' || shown.type === 'withdrawn') this.#lines.delete(userId);
    if (shown.type === 'left') {
      this.#lines.set(userId, [userId, maxAmount, bidId, salt, fingerprint, key].join(' '));
    }
    return [];
  }

  /** @returns undefined when not even the first event was there */
  finish(): RestoredAbsentees | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const { epoch, seq, status } = last;
    return {
      auctionId: this.#bookId,
      status,
      fields: {
        shown: `${epoch} ${seq} ${status}`,
        status,
        runId: NO_SERVER,
        ...watermarksOf(last),
      },
      absentees: this.#lines.size === 0 ? undefined : [...this.#lines.values()].join('\n'),
      lastSeq: seq,
    };
  }
}
