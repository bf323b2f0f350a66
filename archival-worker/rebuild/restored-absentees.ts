/** Folds the absentee bids of an auction into what Redis held of them: absentees.lua. */
import type { BookEvent, BookFacts } from '@outcry/shared/contracts/books.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { AuctionStatus, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { answered, bidReceipt, type FirstAnswer } from './first-answers.ts';
import {
  NO_SERVER,
  Restoration,
  watermarksOf,
  type ArchivedEvent,
  type ParsedEvent,
} from './restoration.ts';

export interface RestoredAbsentees {
  /** Of the book. */
  readonly auctionId: string;
  readonly status: AuctionStatus;
  readonly fields: Readonly<Record<string, string>>;
  /** The field `absentees` of their auction; undefined once the book is closed. */
  readonly absentees: string | undefined;
  readonly lastSeq: number;
}

export class AbsenteesRestoration extends Restoration<BookEvent, BookFacts> {
  readonly #before: readonly PublicEvent[];
  /** A line for each bidder, in the order in which they were left. */
  readonly #lines = new Map<string, string>();

  /** @param before events of their auction, in order, those before its start at least */
  constructor(bookId: string, before: readonly ArchivedEvent[]) {
    super(bookId);
    this.#before = before.map(({ publicText }) => ownJson<PublicEvent>(publicText));
  }

  protected fold({ shown, secret: facts }: ParsedEvent<BookEvent, BookFacts>): FirstAnswer[] {
    const { userId = '', bidId, maxAmount, fingerprint, key } = facts;
    if (shown.type === 'left' || shown.type === 'withdrawn') this.#lines.delete(userId);
    if (shown.type === 'left') {
      this.#lines.set(userId, `${[userId, maxAmount, bidId, fingerprint, key].join(' ')}\n`);
    }
    const receipt = this.#receipt(shown, facts);
    const name = key === '' ? bidId : key;
    if (receipt === undefined || name === undefined) return [];
    return [answered({ ...facts, key: name }, receipt)];
  }

  /** @returns undefined when not even the first event was there */
  finish(): RestoredAbsentees | undefined {
    const last = this.last?.shown;
    if (last === undefined) return undefined;
    const { epoch, seq, status } = last;
    return {
      auctionId: this.id,
      status,
      fields: {
        shown: `${epoch} ${seq} ${status}`,
        status,
        runId: NO_SERVER,
        ...watermarksOf(last),
      },
      absentees: status === 'ended' ? undefined : [...this.#lines.values()].join(''),
      lastSeq: seq,
    };
  }

  #receipt({ type, at }: BookEvent, { bidId = '' }: BookFacts): string | undefined {
    // No alias, not leading, no maximum, no bids.
    if (type === 'withdrawn') return '0 0 0 0';
    const auction = this.#before.findLast((event) => event.at <= at);
    if (type !== 'left' || auction === undefined) return undefined;
    return bidReceipt(bidId, { ...auction, at }, 'scheduled', 0);
  }
}
