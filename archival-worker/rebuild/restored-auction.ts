/**
 * Folds an auction's history into what Redis held of it. The fields are those that auction.lua
 * reads and decide.lua writes; a test compares them with what the script really wrote.
 */
import {
  BEFORE_HOUSE_RULES,
  type Creation,
  type ItemDetails,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import { stateRecord } from '@outcry/shared/contracts/records.ts';
import { firstAnswer, type FirstAnswer, type HistoryEvent } from './first-answers.ts';
import { NO_SERVER, packed, Restoration, watermarksOf, type CreationClaim } from './restoration.ts';

/** Everything about an auction that goes into Redis, besides its first answers. */
export interface RestoredAuction {
  readonly auctionId: string;
  readonly status: PublicEvent['state']['status'];
  /** The fields of the auction's hash, without its bidders. */
  readonly fields: Readonly<Record<string, string | Buffer>>;
  /** A field for each bidder: `b:user`, and packed alias, bids, maximum and since when. */
  readonly bidders: readonly (readonly [field: string, record: Buffer])[];
  readonly item: ItemDetails;
  readonly sellerId: string;
  /** A lot's. */
  readonly saleId: string | undefined;
  readonly claim: CreationClaim;
  /** The last seq of the history that is kept. */
  readonly lastSeq: number;
  /** When that event happened, ms since 1970. */
  readonly lastAt: number;
}

interface Bidder {
  readonly alias: number;
  bids: number;
  maximum: number;
  since: number;
}

interface Beginning {
  readonly event: HistoryEvent;
  readonly creation: Creation;
}

export class AuctionRestoration extends Restoration<PublicEvent, PrivateEvent> {
  readonly #bidders = new Map<string, Bidder>();
  #beginning: Beginning | undefined;
  /** Its receipt shows the auction as it is after the call, which may have started it too. */
  #unanswered: HistoryEvent | undefined;
  #aliases = 0;
  /** While paused, since when; and how long all pauses before were, ms. */
  #pausedAt = 0;
  #pausedMs = 0;

  protected fold(event: HistoryEvent): readonly FirstAnswer[] {
    const answers = this.#heldAnswer(event);
    const { creation } = event.secret;
    if (creation !== undefined) this.#beginning = { event, creation };
    this.#countBid(event);
    this.#countManaged(event.shown);
    if (event.shown.state.status === 'scheduled') {
      this.#unanswered = event;
      return answers;
    }
    const own = firstAnswer(event);
    return own === undefined ? answers : [...answers, own];
  }

  /** @returns undefined when not even the first event was there */
  finish(): { auction: RestoredAuction; answers: readonly FirstAnswer[] } | undefined {
    const beginning = this.#beginning;
    const { last } = this;
    if (beginning === undefined || last === undefined) return undefined;
    const { event, creation } = beginning;
    const { userId = '', key = '', fingerprint = '' } = event.secret;
    const auction = {
      auctionId: this.id,
      status: last.shown.state.status,
      fields: {
        ...termsOf(this.id, beginning),
        ...stateOf(last, {
          aliases: this.#aliases,
          pausedAt: this.#pausedAt,
          pausedMs: this.#pausedMs,
        }),
        ...watermarksOf(last.shown),
        // It may be sealed already.
        ...(last.shown.state.status === 'ended' &&
          last.shown.state.bidCount > 0 && { closed: '1' }),
      },
      bidders: this.#bidderRecords(),
      item: creation.item,
      sellerId: creation.sellerId,
      saleId: creation.saleId,
      claim: { userId, key, fingerprint, at: Date.parse(event.shown.at) },
      lastSeq: last.shown.seq,
      lastAt: Date.parse(last.shown.at),
    };
    return { auction, answers: this.#heldAnswer(undefined) };
  }

  /** Now that the event behind it is known. */
  #heldAnswer(next: HistoryEvent | undefined): readonly FirstAnswer[] {
    const event = this.#unanswered;
    if (event === undefined) return [];
    this.#unanswered = undefined;
    const isStarted = next?.shown.type === 'started' && next.shown.at === event.shown.at;
    const answer = firstAnswer(event, isStarted ? next : undefined);
    return answer === undefined ? [] : [answer];
  }

  #countBid({ shown, secret }: HistoryEvent): void {
    const { userId, alias } = secret;
    if (userId === undefined || alias === undefined) return;
    this.#aliases = Math.max(this.#aliases, alias);
    const bidder = this.#bidders.get(userId) ?? { alias, bids: 0, maximum: 0, since: 0 };
    this.#bidders.set(userId, bidder);
    if (shown.type !== 'no_change') bidder.bids += 1;
    // Whoever buys offers the buy-now price, whatever the bid that bought said.
    const own = shown.type === 'bought' ? undefined : (secret.amount ?? secret.maxAmount);
    const offered = own ?? shown.bid?.amount ?? 0;
    if (offered <= bidder.maximum) return;
    bidder.maximum = offered;
    bidder.since = shown.seq;
  }

  #countManaged({ type, at, bidder: removed }: PublicEvent): void {
    const time = Date.parse(at);
    if (type === 'paused') this.#pausedAt = time;
    if (type === 'resumed') {
      this.#pausedMs += time - this.#pausedAt;
      this.#pausedAt = 0;
    }
    for (const bidder of this.#bidders.values()) {
      if (bidder.alias !== removed) continue;
      bidder.bids = 0;
      bidder.maximum = 0;
      bidder.since = 0;
    }
  }

  #bidderRecords(): RestoredAuction['bidders'] {
    return Array.from(this.#bidders, ([user, { alias, bids, maximum, since }]) => [
      `b:${user}`,
      packed(alias, bids, maximum, since),
    ]);
  }
}

function termsOf(
  auctionId: string,
  { event: { secret }, creation }: Beginning,
): Record<string, string | Buffer> {
  const { item, sellerId, currency, saleId, lot, buyNowPrice } = creation;
  const { highestBid, graceMs } = { ...BEFORE_HOUSE_RULES, ...creation };
  const startsAt = secret.startsAt ?? 0;
  // The same members in the same order as the gateway and the script write them.
  const terms = {
    id: auctionId,
    item,
    sellerId,
    currency,
    ...(saleId === undefined ? {} : { saleId, lot }),
    ...(buyNowPrice === 0 ? {} : { buyNowPrice }),
    ...(highestBid === 0 ? {} : { highestBid }),
    startsAt,
  };
  return {
    itemId: item.id,
    ...(saleId !== undefined && { sale: saleId }),
    terms: JSON.stringify(terms),
    conditions: packed(
      creation.startPrice,
      creation.reservePrice,
      buyNowPrice,
      creation.softWindowMs,
      creation.softExtendMs,
      secret.hardEndsAt ?? 0,
      startsAt,
      highestBid,
      graceMs,
      sellerId,
      creation.increments,
    ),
    // A gateway of version 1 must not take the auction for one of its own, see version-1.lua.
    lastAt: 'version 2',
  };
}

function stateOf(
  { shown, secret }: HistoryEvent,
  { aliases, pausedAt, pausedMs }: { aliases: number; pausedAt: number; pausedMs: number },
): Record<string, string | Buffer> {
  const { state, epoch, seq, at } = shown;
  return {
    shown: `${epoch} ${seq} ${stateRecord(state)}`,
    standing: packed(
      epoch,
      seq,
      state.price,
      state.minimumBid ?? 0,
      state.leader ?? 0,
      state.bidCount,
      Date.parse(state.endsAt),
      secret.leaderMax ?? 0,
      aliases,
      Date.parse(at),
      pausedAt,
      pausedMs,
      state.status,
      state.outcome ?? '-',
      secret.leaderId ?? '',
    ),
    status: state.status,
    runId: NO_SERVER,
  };
}
