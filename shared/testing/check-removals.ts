/**
 * What the removal of a bidder must leave, worked out from an auction's events alone: nothing here knows
 * the code that removes. "As if those bids had not been made" means exactly this:
 *
 * - What the others offered is a fact, an exact bid being an offer of at most so much. What was refused
 *   stays refused: nobody can say who would have bid what at other prices.
 * - Who offered most leads, the earlier of equals, at the price that the rules give for the two highest
 *   offers; a leader who is not removed pays no more than before.
 * - In a sale, who may no longer owe so much is passed over, but not a leader who is not removed.
 * - The end, the aliases and the number of the others' bids stay.
 *
 * Without limits that is the model's auction in which only the others bid, but for one thing: there the
 * price stays when a leader raises the maximum at which it stands, here the two highest offers count.
 */
import { ownJson } from '../contracts/api.ts';
import {
  incrementsOf,
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
  type PublicState,
} from '../contracts/events.ts';
import {
  decide,
  scheduledAuction,
  type Auction,
  type AuctionTerms,
} from '../domain/auction-rules.ts';
import { incrementAt } from '../domain/increments.ts';
import { publicState } from './event-lines.ts';

interface Offer {
  readonly userId: string;
  readonly alias: number;
  readonly offered: number;
  /** False for a leader's silent raise. */
  readonly isCounted: boolean;
}

/** What an event says of the auction after it. */
interface Standing {
  readonly state: PublicState;
  readonly leader: string | undefined;
  readonly leaderMax: number;
}

/** The most that a bidder could owe for the lot before its event with this number. */
export type MostAt = (seq: number, userId: string) => number;

/**
 * Checks every removal in an auction's events; without limits also who leads after every event.
 * @param lines all events, in order
 * @param mostAt where there are limits
 * @returns how many removals there were
 * @throws Error at the first event that is not as it must be
 */
export function checkRemovals(lines: readonly string[], mostAt?: MostAt): number {
  const check = new RemovalCheck(mostAt);
  for (const line of lines) check.take(line);
  return check.removed.size;
}

class RemovalCheck {
  readonly removed = new Set<string>();
  readonly #mostAt: MostAt | undefined;
  #terms: AuctionTerms | undefined;
  /** Of all who were not removed, in order. */
  #offers: Offer[] = [];
  #before: Standing | undefined;
  #model: OthersOnly | undefined;

  constructor(mostAt: MostAt | undefined) {
    this.#mostAt = mostAt;
  }

  take(line: string): void {
    const { auctionId, publicText, privateText } = splitEventLine(line);
    const event = ownJson<PublicEvent>(publicText);
    const secrets = ownJson<PrivateEvent>(privateText);
    const { leaderId: leader, leaderMax = 0 } = secrets;
    const after: Standing = { state: event.state, leader, leaderMax };
    try {
      if (event.type === 'removed') this.#remove(event, after);
      else this.#bid(event, secrets);
      if (this.#mostAt === undefined) this.#model?.expectLeader(after);
    } catch (error) {
      throw new Error(`event ${event.seq} of ${auctionId}: ${String(error)}`, { cause: error });
    }
    this.#before = after;
  }

  #bid({ type, bid }: PublicEvent, secrets: PrivateEvent): void {
    const terms = (this.#terms ??= termsOf(secrets));
    this.#model ??= new OthersOnly(terms, []);
    const { userId = '', alias = 0, amount, maxAmount = 0 } = secrets;
    if (bid === undefined && type !== 'no_change') return;
    if (this.removed.has(userId)) throw new Error(`${userId} was removed`);
    const offered = type === 'bought' ? terms.buyNowPrice : (amount ?? maxAmount);
    const offer = { userId, alias, offered, isCounted: bid !== undefined };
    this.#offers.push(offer);
    if (this.#mostAt === undefined) this.#model.add(offer);
  }

  #remove({ bidder, seq }: PublicEvent, after: Standing): void {
    const removed = this.#offers.find(({ alias }) => alias === bidder)?.userId;
    const [terms, before] = [this.#terms, this.#before];
    if (removed === undefined || terms === undefined || before === undefined) {
      throw new Error('nobody was there to remove');
    }
    this.removed.add(removed);
    this.#offers = this.#offers.filter(({ userId }) => userId !== removed);
    const mostAt = this.#mostAt;
    const most = (userId: string): number => mostAt?.(seq, userId) ?? Infinity;
    expectSame(after, leftBy(this.#offers, terms, before, most));
    if (mostAt !== undefined) return;
    this.#model = new OthersOnly(terms, this.#offers);
    this.#model.expectPrice(after.state.price);
  }
}

const termsOf = ({ creation, startsAt, hardEndsAt }: PrivateEvent): AuctionTerms => {
  if (creation === undefined || startsAt === undefined || hardEndsAt === undefined) {
    throw new Error('the first event has the terms');
  }
  return { ...creation, startsAt, hardEndsAt, increments: incrementsOf(creation.increments) };
};

/** What is left when only these offers count. */
function leftBy(
  offers: readonly Offer[],
  terms: AuctionTerms,
  before: Standing,
  most: (userId: string) => number,
): Standing {
  const last = new Map<string, Offer>();
  for (const offer of offers) {
    last.delete(offer.userId); // or it would keep the place of the earlier offer
    last.set(offer.userId, offer);
  }
  const led = ({ userId }: Offer): number => (userId === before.leader ? 1 : 0);
  const [best, second] = [...last.values()]
    .filter((offer) => led(offer) === 1 || offer.offered <= most(offer.userId))
    .toSorted((a, b) => led(b) - led(a) || b.offered - a.offered);
  const { status, endsAt } = before.state;
  const isMet = best !== undefined && best.offered >= terms.reservePrice;
  const outcome = best === undefined ? 'no_bids' : isMet ? 'sold' : 'reserve_not_met';
  const leaderMax = best?.offered ?? 0;
  const state = publicState({
    ...scheduledAuction(terms, Date.parse(endsAt)),
    status,
    ...(status === 'ended' && { outcome }),
    ...(best !== undefined && { leader: best.userId }),
    leaderMax,
    price: priceOf(best, second, terms, best !== undefined && led(best) === 1 ? before : undefined),
    bidCount: offers.filter(({ isCounted }) => isCounted).length,
    bidders: new Map(
      [...last].map(([userId, { alias, offered }]) => [
        userId,
        { alias, bids: 0, maximum: offered, since: 0 },
      ]),
    ),
  });
  return { state, leader: best?.userId, leaderMax };
}

/** @param before where the leader was not removed */
function priceOf(
  best: Offer | undefined,
  second: Offer | undefined,
  terms: AuctionTerms,
  before: Standing | undefined,
): number {
  const { startPrice, reservePrice, increments } = terms;
  if (best === undefined) return startPrice;
  const step = second && second.offered + incrementAt(increments, second.offered);
  const price = Math.min(best.offered, step ?? startPrice);
  const lifted = best.offered >= reservePrice ? Math.max(price, reservePrice) : price;
  return Math.min(lifted, before?.state.price ?? Infinity);
}

/** The model's auction in which only some bid, and all their bids are maximum bids. */
class OthersOnly {
  #auction: Auction;
  /** The leader has raised the maximum at which the price stands. */
  #isRaised = false;

  constructor(terms: AuctionTerms, offers: readonly Offer[]) {
    const always = scheduledAuction({ ...terms, buyNowPrice: 0 }, Infinity);
    this.#auction = { ...always, status: 'live' };
    for (const offer of offers) this.add(offer);
  }

  add({ userId, offered }: Offer): void {
    const { leader, leaderMax, price } = this.#auction;
    const decision = decide(this.#auction, { kind: 'bid', userId, maxAmount: offered }, 0);
    if (!decision.accepted) throw new Error(`the model refuses ${offered}: ${decision.code}`);
    this.#isRaised = leader === userId && (this.#isRaised || price === leaderMax);
    this.#auction = decision.auction;
  }

  expectLeader({ leader, leaderMax }: Standing): void {
    expectSame({ leader, leaderMax }, this.#leader);
  }

  get #leader(): Pick<Standing, 'leader' | 'leaderMax'> {
    return { leader: this.#auction.leader, leaderMax: this.#auction.leaderMax };
  }

  expectPrice(given: number): void {
    const { price } = this.#auction;
    if (this.#isRaised ? given >= price : given === price) return;
    throw new Error(`the price is ${given}, where only the others bid ${price}`);
  }
}

function expectSame(given: object, expected: object): void {
  const [a, b] = [given, expected].map((each) => JSON.stringify(each));
  if (a !== b) throw new Error(`${a}, expected ${b}`);
}
