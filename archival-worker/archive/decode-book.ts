/**
 * The lines of books (contracts/books.ts), checked as strictly as those of auctions: decode-entry.ts
 * does what both have in common.
 */
import { BOOK_EVENT_TYPES, type BookEventType } from '@outcry/shared/contracts/books.ts';
import { AUCTION_STATUSES } from '@outcry/shared/contracts/events.ts';
import { REGISTRATION_KINDS, type SaleTerms } from '@outcry/shared/contracts/sales.ts';
import { ID_PATTERN, isSaleBook } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { CURRENCY, headOf, MAX_ALIAS, type HiddenFacts, type ShownEvent } from './event-head.ts';
import type { RegistrationOfSale } from './event-row.ts';
import type { Fields } from './fields.ts';

type Type = ShownEvent['type'];

const OF_SALES: ReadonlySet<BookEventType> = new Set([
  'scheduled',
  'edited',
  'registered',
  'admitted',
  'paused',
  'resumed',
  'started',
  'ended',
  'epoch',
]);
const OF_ABSENTEES: ReadonlySet<BookEventType> = new Set(['left', 'withdrawn', 'closed', 'epoch']);
const WITHOUT_USER: ReadonlySet<Type> = new Set(['started', 'ended', 'closed', 'epoch']);
const LAST: ReadonlySet<Type> = new Set(['ended', 'closed']);
const MAX_SECONDS = 366 * 24 * 60 * 60;
/** Registrations are drawn again from these bytes by the database, whose JSON knows no NUL. */
const PLAIN = /^[\x20-\x7e]*$/;

/** @throws Error when it is not the public part of a valid event of such a book */
export function decodeBookPublic(bookId: string, event: Fields): ShownEvent {
  const type = event.oneOf('type', BOOK_EVENT_TYPES);
  const isOwn = (isSaleBook(bookId) ? OF_SALES : OF_ABSENTEES).has(type);
  if (!isOwn) throw new Error(`"${type}" is no event of such a book`);
  const status = event.oneOf('status', AUCTION_STATUSES);
  if (LAST.has(type) && status !== 'ended') throw new Error(`"${type}" and not over`);
  return { ...headOf(event, type, isSaleBook(bookId) ? 'scheduled' : 'left'), state: { status } };
}

/** What the private part of a book's event says. @throws Error when it is not one of such an event */
export function factsOfBook(bookId: string, { type }: ShownEvent, secret: Fields): HiddenFacts {
  const userId = WITHOUT_USER.has(type) ? undefined : secret.matching('userId', ID_PATTERN);
  const registration = registrationOf(type, userId, secret);
  if (type === 'left') secret.integer('maxAmount', 1, MAX_AMOUNT);
  return {
    userId,
    bidId: type === 'left' ? secret.matching('bidId', ID_PATTERN) : undefined,
    alias: registration?.paddle,
    sale: type === 'scheduled' || type === 'edited' ? saleOf(bookId, secret) : undefined,
    registration,
  };
}

function registrationOf(
  type: Type,
  userId: string | undefined,
  secret: Fields,
): RegistrationOfSale | undefined {
  if (userId === undefined || (type !== 'registered' && type !== 'admitted')) return undefined;
  secret.optionalMatching('key', PLAIN);
  secret.optionalMatching('fingerprint', PLAIN);
  return {
    paddle: secret.integer('paddle', 1, MAX_ALIAS),
    bidderId: type === 'registered' ? userId : secret.matching('bidder', ID_PATTERN),
    status: secret.oneOf(
      'status',
      type === 'registered' ? ['pending', 'approved'] : ['approved', 'refused', 'blocked'],
    ),
    limit: secret.integer('limit', 0),
  };
}

function saleOf(bookId: string, secret: Fields): SaleTerms {
  const sale = secret.object('sale');
  const description = sale.optionalText('description');
  const startsAt = sale.isAbsent('startsAt') ? undefined : sale.instant('startsAt');
  const defaultLimit = sale.optionalInteger('defaultLimit', 0, Number.MAX_SAFE_INTEGER);
  const softClose = sale.isNull('softClose') ? null : sale.object('softClose');
  if (sale.matching('id', ID_PATTERN) !== bookId) throw new Error('terms of another sale');
  return {
    id: bookId,
    sellerId: sale.matching('sellerId', ID_PATTERN),
    title: sale.text('title'),
    ...(description !== undefined && { description }),
    currency: sale.matching('currency', CURRENCY),
    ...(startsAt !== undefined && { startsAt }),
    firstLotEndsAt: sale.instant('firstLotEndsAt'),
    staggerSeconds: sale.integer('staggerSeconds', 0, MAX_SECONDS),
    registration: sale.oneOf('registration', REGISTRATION_KINDS),
    ...(defaultLimit !== undefined && { defaultLimit }),
    softClose: softClose && {
      windowSeconds: softClose.integer('windowSeconds', 0, MAX_SECONDS),
      extendSeconds: softClose.integer('extendSeconds', 0, MAX_SECONDS),
    },
    graceSeconds: sale.integer('graceSeconds', 0, MAX_SECONDS),
  };
}
