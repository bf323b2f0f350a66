/**
 * Valid log entries for tests and benchmarks, made by the rules in `domain` and written in the
 * bytes that the decide script writes. Everything follows from the arguments: no clock, no chance.
 */
import { createHash } from 'node:crypto';
import {
  entryMessageId,
  type Creation,
  type PublicEvent,
  type PublicState,
} from '../contracts/events.ts';
import { eventSubject } from '../contracts/keys.ts';
import {
  decide,
  minimumBid,
  passTime,
  reserveMet,
  scheduledAuction,
  type Auction,
  type Command,
  type RuleEvent,
} from '../domain/auction-rules.ts';
import { DEFAULT_INCREMENTS } from '../domain/increments.ts';

/** One script call's events, ready to be published. */
export interface TestEntry {
  readonly auctionId: string;
  readonly subject: string;
  readonly messageId: string;
  /** Event lines joined by "\n". */
  readonly text: string;
  readonly epoch: number;
  readonly lastSeq: number;
}

export interface TestAuctionOptions {
  readonly auctionId: string;
  readonly shard?: number;
  readonly sellerId?: string;
  readonly itemTitle?: string;
  readonly itemDescription?: string;
  readonly currency?: string;
  readonly startPrice?: number;
  readonly reservePrice?: number;
  readonly buyNowPrice?: number;
  /** Milliseconds since 1970. */
  readonly startsAt?: number;
  /** Default: an hour. */
  readonly lastsMs?: number;
  /** How far time moves with every command. */
  readonly stepMs?: number;
  /** Of a lot. */
  readonly saleId?: string;
  readonly lot?: number;
}

const HOUR_MS = 60 * 60 * 1000;
const DEFAULT_START_MS = Date.UTC(2026, 0, 1);

/** A log that is written: its place in time, and what a rollback returns to. */
export abstract class TestLog<Kept> {
  readonly #id: string;
  readonly #shard: number;
  /** What was kept after each seq of the present history. */
  #after: { readonly kept: Kept; readonly epoch: number }[] = [];
  #epoch = 1;
  #seq = 0;
  /** When the next event is, ms. */
  protected now: number;

  constructor(id: string, shard: number, now: number) {
    this.#id = id;
    this.#shard = shard;
    this.now = now;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get seq(): number {
    return this.#seq;
  }

  /** The next event's line. @param shown of its public part, behind its place and time */
  protected line(type: string, shown: object, secrets: object, kept: Kept): string {
    this.#seq += 1;
    this.#after[this.#seq - 1] = { kept, epoch: this.#epoch };
    const at = new Date(this.now).toISOString();
    const event = { epoch: this.#epoch, seq: this.#seq, type, at, ...shown };
    const salt = md5(`${this.#id}:${this.#epoch}:${this.#seq}`);
    return (
      `{"v":1,"auctionId":"${this.#id}","public":${JSON.stringify(event)},"salt":"${salt}",` +
      `"private":${JSON.stringify(secrets)}}`
    );
  }

  protected entry(lines: readonly string[]): TestEntry {
    return {
      auctionId: this.#id,
      subject: eventSubject(this.#shard, this.#id),
      messageId: entryMessageId(this.#id, this.#epoch, this.#seq),
      text: lines.join('\n'),
      epoch: this.#epoch,
      lastSeq: this.#seq,
    };
  }

  /** Goes on after `fork` in a new epoch. @returns what was kept there, and the epoch that it was in */
  protected rollBack(fork: number): { readonly kept: Kept; readonly epoch: number } {
    const found = this.#after[fork - 1];
    if (found === undefined) throw new Error(`the log has no event ${fork}`);
    this.#after = this.#after.slice(0, fork);
    this.#seq = fork;
    this.#epoch += 1;
    return found;
  }
}

/** Plays one auction and writes its log entries. */
export class TestAuction extends TestLog<Auction> {
  readonly auctionId: string;
  readonly #creation: Creation;
  readonly #startsAt: number;
  readonly #stepMs: number;
  #auction: Auction;

  constructor(options: TestAuctionOptions) {
    const { auctionId, shard = 0, sellerId = 'seller-1', startPrice = 1_000 } = options;
    const { reservePrice = 0, buyNowPrice = 0, startsAt = DEFAULT_START_MS } = options;
    const { stepMs = 1_000, lastsMs = HOUR_MS } = options;
    super(auctionId, shard, startsAt - stepMs);
    this.auctionId = auctionId;
    this.#startsAt = startsAt;
    this.#stepMs = stepMs;
    this.#creation = {
      item: {
        id: `i${auctionId.slice(1)}`,
        title: options.itemTitle ?? 'A lamp',
        ...(options.itemDescription === undefined ? {} : { description: options.itemDescription }),
      },
      newItem: true,
      sellerId,
      currency: options.currency ?? 'EUR',
      startPrice,
      reservePrice,
      buyNowPrice,
      increments: DEFAULT_INCREMENTS.map(({ from, by }) => `${from}:${by}`).join(','),
      startsAt,
      endsAt: startsAt + lastsMs,
      durationMs: 0,
      softWindowMs: 30_000,
      softExtendMs: 30_000,
      hardEndsAt: startsAt + lastsMs + HOUR_MS,
      highestBid: 0,
      graceMs: 0,
      ...(options.saleId !== undefined && { saleId: options.saleId }),
      ...(options.lot !== undefined && { lot: options.lot }),
    };
    const terms = { ...this.#creation, increments: DEFAULT_INCREMENTS };
    this.#auction = scheduledAuction(terms, startsAt + lastsMs);
  }

  /** The public state after the last event. */
  get state(): PublicState {
    return publicState(this.#auction);
  }

  /** @throws Error when nobody can go higher */
  get minimumBid(): number {
    const least = minimumBid(this.#auction);
    if (least === null) throw new Error('nobody can go higher');
    return least;
  }

  /** The `scheduled` event; the first entry. */
  create(): TestEntry {
    const { sellerId, startsAt, endsAt, hardEndsAt } = this.#creation;
    const line = this.#line(
      'scheduled',
      {},
      {
        userId: sellerId,
        key: 'create-1',
        fingerprint: md5('create'),
        creation: this.#creation,
        startsAt,
        endsAt,
        hardEndsAt,
      },
    );
    return this.entry([line]);
  }

  /** The `started` event. */
  start(): TestEntry {
    return this.#passTimeTo(this.#startsAt);
  }

  /** The `ended` event, at the end's time. */
  end(): TestEntry {
    return this.#passTimeTo(this.#auction.endsAt);
  }

  /** An accepted bid. @throws Error when the rules refuse it. */
  bid(userId: string, offer: { amount: number } | { maxAmount: number }): TestEntry {
    return this.bids([{ userId, ...offer }]);
  }

  /** Several accepted bids in one entry. */
  bids(
    offers: readonly ({ userId: string } & ({ amount: number } | { maxAmount: number }))[],
  ): TestEntry {
    return this.entry(offers.map((offer) => this.#decided({ kind: 'bid', ...offer })));
  }

  /** This many minimum bids by five users in turn, one an entry. */
  minimumBids(count: number): TestEntry[] {
    return Array.from({ length: count }, (_, i) =>
      this.bid(`user-${i % 5}`, { amount: this.minimumBid }),
    );
  }

  /** Created, started, and with this many minimum bids. */
  opening(bids: number): TestEntry[] {
    return [this.create(), this.start(), ...this.minimumBids(bids)];
  }

  /** Buys at the buy-now price. */
  buyNow(userId: string): TestEntry {
    return this.entry([this.#decided({ kind: 'buy', userId })]);
  }

  /** The seller cancels. */
  cancel(): TestEntry {
    const { sellerId } = this.#creation;
    return this.entry([this.#decided({ kind: 'cancel', userId: sellerId, admin: false })]);
  }

  /** The seller pauses it. */
  pause(): TestEntry {
    const { sellerId } = this.#creation;
    return this.entry([this.#decided({ kind: 'pause', userId: sellerId, admin: false })]);
  }

  /** An admin removes a bidder. */
  remove(alias: number): TestEntry {
    return this.entry([this.#decided({ kind: 'remove', userId: 'admin', alias })]);
  }

  /**
   * Redis restarted, with the auction as it was after `fork`: the `epoch` event. Each restart counts
   * one up, as if the clock had moved by a second; the parent is the epoch that `fork` was in.
   */
  restart(fork: number = this.seq): TestEntry {
    const { kept, epoch: parent } = this.rollBack(fork);
    this.#auction = kept;
    return this.entry([this.#line('epoch', { parent }, { fork })]);
  }

  #passTimeTo(time: number): TestEntry {
    this.now = Math.max(this.now, time);
    const { auction, events } = passTime(this.#auction, this.now);
    this.#auction = auction;
    return this.entry(events.map((event) => this.#line(event.type, {}, {})));
  }

  #decided(command: Command): string {
    this.now += this.#stepMs;
    const decision = decide(this.#auction, command, this.now);
    if (!decision.accepted) throw new Error(`the rules refuse this: ${decision.code}`);
    if (decision.event === undefined) throw new Error('this is no event of the auction');
    this.#auction = decision.auction;
    const { userId } = command;
    const bidId = `b-${this.epoch}-${this.seq + 1}`;
    const key = { key: bidId, fingerprint: md5(`${command.kind}:${bidId}`) };
    const alias = this.#auction.bidders.get(userId)?.alias;
    const members =
      command.kind === 'bid' || command.kind === 'buy'
        ? { userId, bidId, alias, ...offerOf(command), ...key }
        : { userId, ...key };
    const { type, bid, bidder } = decision.event;
    const shown = {
      ...(bid && { bid }),
      ...(bidder !== undefined && { bidder }),
      ...((type === 'paused' || type === 'removed') && { reason: 'why' }),
    };
    return this.#line(type, shown, members);
  }

  #line(
    type: RuleEvent['type'] | 'scheduled' | 'epoch',
    shown: Pick<PublicEvent, 'bid' | 'bidder' | 'reason' | 'parent'>,
    members: object,
  ): string {
    const { leader, leaderMax } = this.#auction;
    const secrets = leader === undefined ? members : { ...members, leaderId: leader, leaderMax };
    return this.line(type, { state: this.state, ...shown }, secrets, this.#auction);
  }
}

/** The public state as the decide script writes it. */
export function publicState(auction: Auction): PublicState {
  return {
    status: auction.status,
    ...(auction.outcome === undefined ? {} : { outcome: auction.outcome }),
    price: auction.price,
    minimumBid: minimumBid(auction),
    leader: auction.bidders.get(auction.leader ?? '')?.alias ?? null,
    bidCount: auction.bidCount,
    reserveMet: reserveMet(auction),
    endsAt: new Date(auction.endsAt).toISOString(),
  };
}

function offerOf(command: Command): object {
  if ('amount' in command) return { amount: command.amount };
  return 'maxAmount' in command ? { maxAmount: command.maxAmount } : {};
}

/** In hex; stands for salts and fingerprints. */
export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
