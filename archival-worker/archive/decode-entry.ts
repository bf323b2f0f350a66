/**
 * From a delivered message to the rows it is stored as. Everything that the tables' constraints
 * demand is checked here first, so that one bad message never spoils the batch it came in.
 */
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import {
  AUCTION_STATUSES,
  EVENT_TYPES,
  eventLines,
  splitEventLine,
  type EventLine,
} from '@outcry/shared/contracts/events.ts';
import { ID_PATTERN, isBookId } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { decodeBookPublic, factsOfBook } from './decode-book.ts';
import { CURRENCY, headOf, MAX_ALIAS, type HiddenFacts, type ShownEvent } from './event-head.ts';
import type { EventRow, StateOfAuction, TermsOfAuction } from './event-row.ts';
import { Fields } from './fields.ts';

/** The message can never be stored; the message says why. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

const OUTCOMES = ['sold', 'reserve_not_met', 'no_bids'] as const;
const SALT = /^[0-9a-f]{32}$/;
/** The end of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;
const BIDS: ReadonlySet<EventRow['type']> = new Set(['bid', 'no_change', 'bought']);
const WITHOUT_USER: ReadonlySet<EventRow['type']> = new Set(['started', 'ended', 'epoch']);

/**
 * Decodes one log entry.
 * @param subject where it was published; its last token must be the auction's id
 * @throws UndecodableError when any of its lines is not a valid event
 */
export function decodeEntry(subject: string, body: Uint8Array): EventRow[] {
  try {
    const named = auctionOfSubject(subject);
    return eventLines(textOf(body)).map((line) => {
      const parts = splitEventLine(line);
      if (parts.auctionId !== named) {
        throw new Error(`subject of "${named ?? 'nothing'}", event of "${parts.auctionId}"`);
      }
      return eventRow(line, parts);
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new UndecodableError(reason, { cause: error });
  }
}

/** Five times as fast as a TextDecoder that refuses what is no UTF-8. */
function textOf(body: Uint8Array): string {
  if (!isUtf8(body)) throw new Error('the message is not UTF-8');
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** The auction that a subject names; undefined when it names none. */
export function auctionOfSubject(subject: string): string | undefined {
  const last = subject.slice(subject.lastIndexOf('.') + 1);
  return ID_PATTERN.test(last) ? last : undefined;
}

/** @throws Error when it is not the public part of a valid event of this auction or book */
export function decodePublic(auctionId: string, publicText: string): ShownEvent {
  const event = Fields.parse('public', publicText);
  return isBookId(auctionId) ? decodeBookPublic(auctionId, event) : decodeAuctionPublic(event);
}

function decodeAuctionPublic(event: Fields): ShownEvent {
  const type = event.oneOf('type', EVENT_TYPES);
  const bid = type === 'bid' || type === 'bought' ? event.object('bid') : undefined;
  return {
    ...headOf(event, type, 'scheduled'),
    amount: bid?.integer('amount', 1, MAX_AMOUNT),
    removed: type === 'removed' ? event.integer('bidder', 1, MAX_ALIAS) : undefined,
    state: stateOf(event.object('state')),
  };
}

function eventRow(line: string, parts: EventLine): EventRow {
  const { auctionId, publicText, salt, privateText } = parts;
  if (!SALT.test(salt)) throw new Error('the salt is not 32 hex digits');
  const shown = decodePublic(auctionId, publicText);
  const { epoch, seq, type, at, amount, parent, state } = shown;
  const secret = Fields.parse('private', privateText);
  const fork = type === 'epoch' ? secret.integer('fork', 1) : undefined;
  if (fork !== undefined && fork !== seq - 1) throw new Error('an epoch must follow its fork');
  const facts = isBookId(auctionId)
    ? factsOfBook(auctionId, shown, secret)
    : factsOfAuction(shown, secret);
  const { userId, bidId, alias, terms, sale, registration, leaderId } = facts;
  return {
    auctionId,
    epoch,
    seq,
    type,
    at,
    line,
    publicText,
    salt,
    privateText,
    payloadHash: hash('sha256', line, 'hex'),
    userId,
    bidId,
    alias,
    amount,
    parent,
    fork,
    state: { ...state, leaderId },
    terms,
    sale,
    registration,
  };
}

function factsOfAuction({ type, removed, state }: ShownEvent, secret: Fields): HiddenFacts {
  const isBid = BIDS.has(type);
  return {
    userId: userIdOf(type, secret),
    bidId: isBid ? secret.matching('bidId', ID_PATTERN) : undefined,
    alias: isBid ? secret.integer('alias', 1, MAX_ALIAS) : removed,
    leaderId: state.leader === undefined ? undefined : secret.matching('leaderId', ID_PATTERN),
    terms: type === 'scheduled' ? termsOf(secret) : undefined,
  };
}

function userIdOf(type: EventRow['type'], secret: Fields): string | undefined {
  if (WITHOUT_USER.has(type)) return undefined;
  // After an outage the engine itself extends.
  if (type === 'extended') return secret.optionalMatching('userId', ID_PATTERN);
  return secret.matching('userId', ID_PATTERN);
}

function stateOf(state: Fields): Omit<StateOfAuction, 'leaderId'> {
  const status = state.oneOf('status', AUCTION_STATUSES);
  const leads = !state.isNull('leader');
  const outcome = status === 'ended' ? state.oneOf('outcome', OUTCOMES) : undefined;
  const bidCount = state.integer('bidCount', 0);
  // After a removal all others may be passed over, because of their limits in the sale.
  if (leads && bidCount === 0) throw new Error('a leader and no bids');
  if (outcome === 'sold' && !leads) throw new Error('sold without a leader');
  return {
    status,
    outcome,
    price: state.integer('price', 1, MAX_AMOUNT),
    minimumBid: state.isNull('minimumBid') ? undefined : state.integer('minimumBid', 1),
    leader: leads ? state.integer('leader', 1, MAX_ALIAS) : undefined,
    bidCount,
    reserveMet: state.boolean('reserveMet'),
    endsAt: state.time('endsAt'),
  };
}

function termsOf(secret: Fields): TermsOfAuction {
  const creation = secret.object('creation');
  const item = creation.object('item');
  const saleId = creation.optionalMatching('saleId', ID_PATTERN);
  return {
    itemId: item.matching('id', ID_PATTERN),
    title: item.text('title'),
    description: item.optionalText('description'),
    imageUrl: item.optionalText('imageUrl'),
    sellerId: creation.matching('sellerId', ID_PATTERN),
    currency: creation.matching('currency', CURRENCY),
    startPrice: creation.integer('startPrice', 1, MAX_AMOUNT),
    buyNowPrice: creation.integer('buyNowPrice', 0, MAX_AMOUNT),
    startsAt: secret.integer('startsAt', 0, MAX_TIME_MS),
    saleId,
    lot: saleId === undefined ? undefined : creation.integer('lot', 1, MAX_ALIAS),
  };
}
