/**
 * What webhooks are told of an auction's events. Everybody may see the public part; who an alias is,
 * only as far as a webhook's owner needs it: a seller the winner's user id, an admin each one's.
 * Maxima, reserves and keys are never told.
 */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { EventType, PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { isBookId, isSaleBook } from '@outcry/shared/domain/ids.ts';
import { WEBHOOK_EVENTS, type WebhookEvent } from '@outcry/shared/contracts/webhooks.ts';

/** An event as it is archived. Private parts are null where their users have deleted the account. */
export interface ArchivedEvent {
  readonly publicText: string;
  readonly privateText: string | null;
  /** Of the event before it; null before the first. */
  readonly publicBefore: string | null;
  readonly privateBefore: string | null;
}

/** What every message says of its auction, or sale. */
export interface ToldAuction {
  readonly id: string;
  readonly title: string;
  readonly sellerId: string;
  readonly currency: string;
}

/** For whom messages are made. */
export interface Listener {
  readonly events: ReadonlySet<WebhookEvent>;
  readonly forAdmin: boolean;
}

export interface Message {
  readonly type: string;
  /** When it happened, ISO 8601 UTC. */
  readonly at: string;
  /** JSON, the body that receivers get. */
  readonly payload: string;
}

interface Facts {
  readonly event: PublicEvent;
  readonly secret: PrivateEvent;
  readonly before: Pick<Facts, 'event' | 'secret'> | undefined;
  readonly forAdmin: boolean;
}

interface Kind {
  /** Types of events that it may follow from. */
  readonly of: readonly EventType[];
  /** What it says besides the auction; undefined where it does not follow. */
  readonly says: (facts: Facts) => object | undefined;
}

const nothingMore = (): object => ({});

/** In the order in which several of one event are sent. */
const KINDS: Readonly<Record<WebhookEvent, Kind>> = {
  'auction.started': { of: ['started'], says: nothingMore },
  'bid.accepted': {
    of: ['bid', 'bought'],
    says: ({ event: { bid }, secret: { userId, bidId }, forAdmin }) =>
      bid && { bid: { ...bid, ...(forAdmin && { userId, bidId }) } },
  },
  'bidder.outbid': {
    of: ['bid', 'bought'],
    says: ({ event, before, forAdmin }) => {
      const alias = before?.event.state.leader ?? null;
      if (alias === null || alias === event.state.leader) return undefined;
      return { bidder: { alias, ...(forAdmin && { userId: before?.secret.leaderId }) } };
    },
  },
  'auction.ended': {
    of: ['ended', 'bought', 'removed'],
    // A removal after the end gives it another one.
    says: ({ event: { state, bidder, reason } }) =>
      state.status === 'ended'
        ? { ...(bidder !== undefined && { removed: { alias: bidder, reason } }) }
        : undefined,
  },
  'auction.cancelled': { of: ['cancelled'], says: nothingMore },
  'bidder.won': {
    of: ['ended', 'bought', 'removed'],
    says: ({ event: { type, state }, secret, before }) =>
      state.outcome === 'sold' &&
      (type !== 'removed' || state.leader !== before?.event.state.leader)
        ? { bidder: { alias: state.leader, userId: secret.leaderId } }
        : undefined,
  },
  'sale.ended': { of: ['ended'], says: nothingMore },
};

/** Sales have books, and types of events that auctions have too. */
const isOf = (name: WebhookEvent, id: string): boolean =>
  (name === 'sale.ended') === isSaleBook(id) && (name === 'sale.ended' || !isBookId(id));

const ORDER = [...WEBHOOK_EVENTS].toSorted(
  (a, b) => Object.keys(KINDS).indexOf(a) - Object.keys(KINDS).indexOf(b),
);

/** What may be told of an event of this type of an auction, or of a book. */
export const namesOf = (id: string, type: string): readonly WebhookEvent[] =>
  ORDER.filter((name) => isOf(name, id) && KINDS[name].of.some((known) => known === type));

/** The types of events that must be looked at for these names. */
export const typesFor = (names: ReadonlySet<WebhookEvent>): ReadonlySet<EventType> =>
  new Set(ORDER.filter((name) => names.has(name)).flatMap((name) => KINDS[name].of));

/** The messages that an event makes for a listener, in the order in which they are sent. */
export function messagesOf(
  { publicText, privateText, publicBefore, privateBefore }: ArchivedEvent,
  auction: ToldAuction,
  { events, forAdmin }: Listener,
): readonly Message[] {
  const facts = {
    ...factsOf(publicText, privateText),
    before: publicBefore === null ? undefined : factsOf(publicBefore, privateBefore),
    forAdmin,
  };
  const { event } = facts;
  const { epoch, seq, at, state } = event;
  return namesOf(auction.id, event.type)
    .filter((name) => events.has(name))
    .flatMap((type) => {
      const more = KINDS[type].says(facts);
      if (more === undefined) return [];
      // Of a book there is no state.
      return message(type, at, { ...named(auction), epoch, seq, state, ...more });
    });
}

/**
 * Says that earlier messages do not hold any more.
 * @param kept the newest epoch, and the last seq of before that it keeps
 * @param voided ids of the messages
 */
export const rollBackMessage = (
  type: string,
  at: string,
  auction: ToldAuction,
  kept: { readonly epoch: number; readonly seq: number },
  voided: readonly string[],
): Message =>
  message(type, at, { ...named(auction), epoch: kept.epoch, keptSeq: kept.seq, voided });

const named = (told: ToldAuction): object =>
  isSaleBook(told.id) ? { sale: told } : { auction: told };

const message = (type: string, timestamp: string, data: object): Message => ({
  type,
  at: timestamp,
  payload: JSON.stringify({ type, timestamp, data }),
});

const factsOf = (shown: string, secret: string | null): Pick<Facts, 'event' | 'secret'> => ({
  event: ownJson<PublicEvent>(shown),
  secret: ownJson<PrivateEvent>(secret ?? '{}'),
});
