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
  type EventType,
} from '@outcry/shared/contracts/events.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import type { EventRow, StateOfAuction, TermsOfAuction } from './event-row.ts';
import { Fields } from './fields.ts';

/** The message can never be stored; the message says why. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

const OUTCOMES = ['sold', 'reserve_not_met', 'no_bids'] as const;
const SALT = /^[0-9a-f]{32}$/;
const CURRENCY = /^[A-Z]{3}$/;
const MAX_ALIAS = 2_147_483_647;
/** The end of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;
const BIDS: ReadonlySet<EventType> = new Set(['bid', 'no_change', 'bought']);
const WITHOUT_USER: ReadonlySet<EventType> = new Set(['started', 'ended', 'epoch']);

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

/** What the public part of an event says by itself. */
export type ShownEvent = Pick<EventRow, 'epoch' | 'seq' | 'type' | 'at' | 'amount' | 'parent'> & {
  /** The bidder whom a `removed` event removed. */
  readonly removed: number | undefined;
  readonly state: Omit<StateOfAuction, 'leaderId'>;
};

/** @throws Error when it is not the public part of a valid event */
export function decodePublic(publicText: string): ShownEvent {
  const event = Fields.parse('public', publicText);
  const type = event.oneOf('type', EVENT_TYPES);
  const seq = event.integer('seq', 1);
  const epoch = event.integer('epoch', type === 'epoch' ? 2 : 1);
  if ((type === 'scheduled') !== (seq === 1)) throw new Error(`"${type}" cannot have seq ${seq}`);
  if (seq === 1 && epoch !== 1) throw new Error('the first event must be of epoch 1');
  const bid = type === 'bid' || type === 'bought' ? event.object('bid') : undefined;
  return {
    epoch,
    seq,
    type,
    at: event.time('at'),
    amount: bid?.integer('amount', 1, MAX_AMOUNT),
    removed: type === 'removed' ? event.integer('bidder', 1, MAX_ALIAS) : undefined,
    parent: type === 'epoch' ? parentOf(epoch, event) : undefined,
    state: stateOf(event.object('state')),
  };
}

function eventRow(line: string, parts: EventLine): EventRow {
  const { auctionId, publicText, salt, privateText } = parts;
  if (!SALT.test(salt)) throw new Error('the salt is not 32 hex digits');
  const { epoch, seq, type, at, amount, parent, removed, state } = decodePublic(publicText);
  const secret = Fields.parse('private', privateText);
  const fork = type === 'epoch' ? secret.integer('fork', 1) : undefined;
  if (fork !== undefined && fork !== seq - 1) throw new Error('an epoch must follow its fork');
  const isBid = BIDS.has(type);
  const leads = state.leader !== undefined;
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
    userId: userIdOf(type, secret),
    bidId: isBid ? secret.matching('bidId', ID_PATTERN) : undefined,
    alias: isBid ? secret.integer('alias', 1, MAX_ALIAS) : removed,
    amount,
    parent,
    fork,
    state: { ...state, leaderId: leads ? secret.matching('leaderId', ID_PATTERN) : undefined },
    terms: type === 'scheduled' ? termsOf(secret) : undefined,
  };
}

function userIdOf(type: EventType, secret: Fields): string | undefined {
  if (WITHOUT_USER.has(type)) return undefined;
  // After an outage the engine itself extends.
  if (type === 'extended') return secret.optionalMatching('userId', ID_PATTERN);
  return secret.matching('userId', ID_PATTERN);
}

/** Epoch events from before epochs were numbered by the clock name no parent: it was one lower. */
function parentOf(epoch: number, event: Fields): number {
  return event.optionalInteger('parent', 1, epoch - 1) ?? epoch - 1;
}

function stateOf(state: Fields): Omit<StateOfAuction, 'leaderId'> {
  const status = state.oneOf('status', AUCTION_STATUSES);
  const leads = !state.isNull('leader');
  const outcome = status === 'ended' ? state.oneOf('outcome', OUTCOMES) : undefined;
  const bidCount = state.integer('bidCount', 0);
  if (leads !== bidCount > 0) throw new Error('a leader and no bids, or bids and no leader');
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
  };
}
