import { describe, expect, test } from 'vitest';
import { DEFAULT_INCREMENTS } from './increments.ts';
import {
  scheduledAuction,
  type Auction,
  type AuctionTerms,
  type Command,
} from './auction-rules.ts';
import {
  addLot,
  committed,
  decideOnLot,
  decideOnSale,
  MAX_LOTS,
  MAX_REGISTRATIONS,
  newSale,
  passLotTime,
  passSaleTime,
  placeLot,
  type Sale,
  type SaleCommand,
  type SaleConditions,
  type SaleDecision,
  type SaleStep,
} from './sale-rules.ts';

const SELLER = { userId: 'sam', admin: false };
const START = 1_000;
const END = 10_000;

const CONDITIONS: SaleConditions = {
  sellerId: 'sam',
  title: 'Lamps',
  description: '',
  currency: 'EUR',
  startsAt: START,
  firstLotEndsAt: END,
  staggerMs: 1_000,
  registration: 'open',
  defaultLimit: 0,
  softWindowMs: 0,
  softExtendMs: 0,
  graceMs: 0,
};

const TERMS: AuctionTerms = {
  sellerId: 'sam',
  startPrice: 100,
  reservePrice: 0,
  buyNowPrice: 0,
  increments: DEFAULT_INCREMENTS,
  softWindowMs: 0,
  softExtendMs: 0,
  startsAt: START,
  hardEndsAt: 100_000,
  highestBid: 0,
  graceMs: 0,
};

/** A sale at a time, played by commands that must be accepted unless a test looks at the refusal. */
class Played {
  sale: Sale;
  now = 0;
  /** Types of the sale's events so far, and `lot:type` of its lots'. */
  readonly told: string[] = [];

  constructor(
    conditions: Partial<SaleConditions> = {},
    lots = 2,
    terms: Partial<AuctionTerms> = {},
  ) {
    const sale = newSale({ ...CONDITIONS, ...conditions }, 0);
    if (typeof sale === 'string') throw new Error(sale);
    this.sale = sale;
    for (let lot = 1; lot <= lots; lot += 1) this.add(lot, terms);
  }

  add(lot: number, terms: Partial<AuctionTerms> = {}, endsAt = END + lot * 1_000): unknown {
    const whole = { ...TERMS, ...terms };
    const place = placeLot(this.sale, { ...whole, lot, currency: 'EUR' });
    if (typeof place === 'string') return place;
    this.#apply(addLot(this.sale, lot, scheduledAuction(whole, endsAt), this.now));
    return undefined;
  }

  /** Moves the clock, and every lot with it. */
  at(now: number): this {
    this.now = now;
    this.#apply(passSaleTime(this.sale, now));
    for (const lot of this.sale.lots.keys()) this.#apply(passLotTime(this.sale, lot, now));
    return this;
  }

  /** @returns the refusal's code, and what it says besides; undefined when accepted */
  on(lot: number, command: Command): unknown {
    return this.#take(decideOnLot(this.sale, lot, command, this.now));
  }

  ask(command: SaleCommand): unknown {
    return this.#take(decideOnSale(this.sale, command, this.now));
  }

  register(...users: readonly string[]): this {
    for (const userId of users) expect(this.ask({ kind: 'register', userId })).toBeUndefined();
    return this;
  }

  /** A maximum bid. */
  bid(userId: string, lot: number, maxAmount: number): unknown {
    return this.on(lot, { kind: 'bid', userId, maxAmount });
  }

  limit(paddle: number, limit: number): unknown {
    return this.ask({ kind: 'approve', ...SELLER, paddle, limit });
  }

  lot(number: number): Auction {
    const lot = this.sale.lots.get(number);
    if (lot === undefined) throw new Error(`no lot ${number}`);
    return lot;
  }

  owes(userId: string): number {
    return committed(this.sale, userId);
  }

  #take(decision: SaleDecision): unknown {
    if (!decision.accepted) {
      const { code, available } = decision;
      return available === undefined ? code : [code, available];
    }
    this.#apply(decision);
    return undefined;
  }

  #apply({ sale, events, lots }: SaleStep): void {
    this.sale = sale;
    this.told.push(...events.map(({ type }) => type));
    this.told.push(
      ...lots.flatMap(({ lot, events }) => events.map(({ type }) => `${lot}:${type}`)),
    );
  }
}

describe('lots', () => {
  test("are of the sale's seller, under numbers that are free", () => {
    const sale = new Played();
    expect(sale.add(3, { sellerId: 'bob' })).toBe('NOT_SELLER');
    expect(sale.add(2)).toBe('LOT_TAKEN');
    expect(sale.add(3)).toBeUndefined();
  });

  test('end one after the other unless they say otherwise', () => {
    const { sale } = new Played();
    const lot = { ...TERMS, currency: 'EUR' };
    expect(placeLot(sale, { ...lot, lot: 3 })).toEqual({ startsAt: START, endsAt: END + 2_000 });
  });

  test('have what all lots have in common', () => {
    const { sale } = new Played();
    const lot = { ...TERMS, lot: 3, currency: 'EUR' };
    for (const changed of [
      { currency: 'USD' },
      { softWindowMs: 1 },
      { softExtendMs: 1 },
      { graceMs: 1 },
    ]) {
      expect(placeLot(sale, { ...lot, ...changed })).toBe('SALE_CHANGED');
    }
  });

  test('are no more than the sale has room for', () => {
    const sale = new Played({}, MAX_LOTS);
    expect(sale.add(MAX_LOTS + 1)).toBe('SALE_FULL');
  });

  test('come to no sale that is paused or has ended', () => {
    const paused = new Played();
    paused.ask({ kind: 'pause', ...SELLER });
    expect(paused.add(3)).toBe('SALE_PAUSED');
    expect(new Played().at(START).at(50_000).add(3)).toBe('SALE_ENDED');
  });

  test('that have started already start the sale', () => {
    const sale = new Played({}, 1, { startsAt: 0 });
    expect(sale.told).toEqual(['started', '1:started']);
    expect(sale.sale.status).toBe('live');
  });

  test('move the end of the sale back, never forth', () => {
    const sale = new Played({}, 0);
    expect(sale.sale.endsAt).toBe(END);
    sale.add(1, { buyNowPrice: 500 }, END + 5_000);
    expect(sale.sale.endsAt).toBe(END + 5_000);
    sale.register('ann').at(START).on(1, { kind: 'buy', userId: 'ann' });
    expect(sale.sale.endsAt).toBe(END + 5_000);
  });
});

describe('the status', () => {
  test('follows the lots: live with the first, ended with the last', () => {
    const sale = new Played().at(START);
    sale.add(3, { startsAt: 5_000 });
    sale.at(END + 1_000);
    expect(sale.sale.status).toBe('live');
    expect(sale.on(2, { kind: 'cancel', ...SELLER })).toBeUndefined();
    expect(sale.sale.status).toBe('live');
    sale.at(END + 3_000);
    expect(sale.sale.status).toBe('ended');
    expect(sale.told.filter((type) => !type.includes(':'))).toEqual(['started', 'ended']);
  });

  test('stays scheduled without lots, and when all were cancelled, until the end has come', () => {
    for (const lots of [0, 2]) {
      const sale = new Played({}, lots);
      for (let lot = 1; lot <= lots; lot += 1) sale.on(lot, { kind: 'cancel', ...SELLER });
      const { endsAt } = sale.sale;
      expect(sale.at(endsAt - 1).sale.status).toBe('scheduled');
      expect(sale.at(endsAt).sale.status).toBe('ended');
    }
  });

  test('does not become ended by time while lots are paused', () => {
    const sale = new Played();
    sale.on(1, { kind: 'pause', ...SELLER });
    sale.on(2, { kind: 'cancel', ...SELLER });
    expect(sale.at(50_000).sale.status).toBe('scheduled');
  });

  test('becomes ended from paused', () => {
    const sale = new Played().at(START);
    sale.ask({ kind: 'pause', ...SELLER });
    sale.on(1, { kind: 'cancel', ...SELLER });
    sale.on(2, { kind: 'cancel', ...SELLER });
    expect(sale.sale).toMatchObject({ status: 'ended' });
    expect(sale.sale).not.toHaveProperty('pausedAt');
  });
});

const edit = (conditions: Partial<SaleConditions>, by = SELLER): SaleCommand => ({
  kind: 'edit',
  ...by,
  conditions: { ...CONDITIONS, ...conditions },
});

describe('editing', () => {
  test('changes anything without lots, and the end with it', () => {
    const sale = new Played({}, 0);
    expect(sale.ask(edit({ currency: 'USD', firstLotEndsAt: 5_000 }))).toBeUndefined();
    expect(sale.sale).toMatchObject({ endsAt: 5_000, conditions: { currency: 'USD' } });
    expect(sale.ask(edit({ firstLotEndsAt: START }))).toBe('END_NOT_AFTER_START');
    expect(sale.ask(edit({ firstLotEndsAt: 1e12 }))).toBe('END_TOO_LATE');
  });

  test('leaves alone what lots rely on', () => {
    const sale = new Played();
    for (const fixed of [
      { currency: 'USD' },
      { startsAt: 2 },
      { firstLotEndsAt: 2_000 },
      { staggerMs: 2 },
      { softWindowMs: 2 },
      { softExtendMs: 2 },
      { graceMs: 2 },
    ]) {
      expect(sale.ask(edit(fixed))).toBe('SALE_HAS_LOTS');
    }
    const rest = { title: 'L', description: 'D', registration: 'none', defaultLimit: 5 } as const;
    expect(sale.ask(edit(rest, { userId: 'root', admin: true }))).toBeUndefined();
    expect(sale.sale.conditions).toMatchObject(rest);
  });

  test("is the seller's, until the first lot starts", () => {
    const sale = new Played();
    expect(sale.ask(edit({}, { userId: 'bob', admin: false }))).toBe('NOT_SELLER');
    sale.at(START);
    expect(sale.ask(edit({}))).toBe('SALE_STARTED');
    sale.ask({ kind: 'pause', ...SELLER });
    expect(sale.ask(edit({}))).toBe('SALE_STARTED');
    sale.ask({ kind: 'resume', ...SELLER });
    expect(sale.at(50_000).ask(edit({}))).toBe('SALE_ENDED');
  });
});

describe('registration', () => {
  test('gives paddles by order, and the same one again', () => {
    const sale = new Played({ defaultLimit: 700 }).register('ann', 'bob', 'ann');
    expect([...sale.sale.registrations]).toEqual([
      ['ann', { paddle: 1, status: 'approved', limit: 700 }],
      ['bob', { paddle: 2, status: 'approved', limit: 700 }],
    ]);
    expect(sale.told).toEqual(['registered', 'registered']);
  });

  test('waits for the seller where that is asked for', () => {
    const sale = new Played({ registration: 'approval' }).register('ann').at(START);
    expect(sale.bid('ann', 1, 100)).toBe('REGISTRATION_PENDING');
    sale.ask({ kind: 'approve', ...SELLER, paddle: 1 });
    expect(sale.bid('ann', 1, 100)).toBeUndefined();
  });

  test('is refused to sellers, where there is none, after the end, and beyond the bound', () => {
    const register: SaleCommand = { kind: 'register', userId: 'ann' };
    expect(new Played().ask({ kind: 'register', userId: 'sam' })).toBe('SELLER_CANNOT_BID');
    expect(new Played({ registration: 'none' }).ask(register)).toBe('NO_REGISTRATION');
    expect(new Played().at(START).at(50_000).ask(register)).toBe('SALE_ENDED');
    const { sale } = new Played();
    const all = Array.from({ length: MAX_REGISTRATIONS }, (_, i) => {
      return [`u${i}`, { paddle: i + 1, status: 'approved', limit: 0 }] as const;
    });
    const full = { ...sale, registrations: new Map(all) };
    expect(decideOnSale(full, register, 0)).toMatchObject({ code: 'SALE_FULL' });
  });

  test('is decided by seller and admin, for a paddle that there is', () => {
    const sale = new Played().register('ann');
    const block = { kind: 'block', paddle: 1 } as const;
    expect(sale.ask({ ...block, userId: 'bob', admin: false })).toBe('NOT_SELLER');
    expect(sale.ask({ ...block, ...SELLER, paddle: 2 })).toBe('REGISTRATION_NOT_FOUND');
    expect(sale.ask({ ...block, userId: 'root', admin: true })).toBeUndefined();
    expect(sale.sale.registrations.get('ann')).toMatchObject({ status: 'blocked' });
    expect(
      sale
        .at(START)
        .at(50_000)
        .ask({ ...block, ...SELLER }),
    ).toBe('SALE_ENDED');
  });

  test('keeps, sets and takes away a limit', () => {
    const sale = new Played({ defaultLimit: 700 }).register('ann');
    const limit = () => sale.sale.registrations.get('ann')?.limit;
    sale.ask({ kind: 'refuse', ...SELLER, paddle: 1 });
    expect(limit()).toBe(700);
    sale.limit(1, 50);
    expect(limit()).toBe(50);
    sale.limit(1, 0);
    expect(limit()).toBe(0);
  });

  test('never limits a bidder below what is committed', () => {
    const sale = new Played().register('ann').at(START);
    sale.bid('ann', 1, 400);
    expect(sale.limit(1, 399)).toBe('LIMIT_BELOW_COMMITTED');
    expect(sale.limit(1, 400)).toBeUndefined();
  });
});

describe('a bid on a lot', () => {
  test('is taken of approved bidders, and of anybody where none register', () => {
    const sale = new Played().register('ann').at(START);
    expect(sale.bid('bob', 1, 100)).toBe('NOT_REGISTERED');
    expect(sale.bid('sam', 1, 100)).toBe('SELLER_CANNOT_BID');
    for (const kind of ['refuse', 'block'] as const) {
      sale.ask({ kind, ...SELLER, paddle: 1 });
      expect(sale.bid('ann', 1, 100)).toBe('BIDDER_BLOCKED');
    }
    expect(new Played({ registration: 'none' }).at(START).bid('bob', 1, 100)).toBeUndefined();
  });

  test('looks at the lot before the bidder, at the amount before the limit', () => {
    const sale = new Played({ defaultLimit: 50 }, 1, { highestBid: 500 }).register('ann');
    expect(sale.bid('bob', 1, 99)).toBe('NOT_REGISTERED');
    expect(sale.bid('ann', 1, 99)).toBe('BID_TOO_LOW');
    sale.at(START);
    expect(sale.bid('ann', 1, 99)).toBe('BID_TOO_LOW');
    expect(sale.bid('ann', 1, 501)).toBe('BID_TOO_HIGH');
    expect(sale.bid('ann', 1, 100)).toEqual(['OVER_LIMIT', 50]);
  });

  test('counts own maxima on lots led and prices of lots won, and is freed when outbid', () => {
    const sale = new Played({ defaultLimit: 1_000 }).register('ann', 'bob').at(START);
    expect(sale.bid('ann', 1, 600)).toBeUndefined();
    expect(sale.owes('ann')).toBe(600);
    expect(sale.bid('ann', 2, 401)).toEqual(['OVER_LIMIT', 400]);
    expect(sale.bid('ann', 1, 1_001)).toEqual(['OVER_LIMIT', 400]);
    expect(sale.bid('ann', 1, 1_000)).toBeUndefined();
    expect(sale.bid('bob', 1, 500)).toBeUndefined();
    expect(sale.owes('bob')).toBe(0);
    sale.at(END + 1_000);
    expect(sale.lot(1)).toMatchObject({ status: 'ended', leader: 'ann', price: 550 });
    expect(sale.owes('ann')).toBe(550);
    expect(sale.bid('ann', 2, 450)).toBeUndefined();
    expect(sale.bid('bob', 2, 900)).toBeUndefined();
    expect(sale.owes('ann')).toBe(550);
  });

  test('is refused over the limit even when it could not lead', () => {
    const sale = new Played({}, 1).register('ann', 'bob').at(START);
    sale.bid('ann', 1, 900);
    sale.limit(2, 300);
    expect(sale.bid('bob', 1, 301)).toEqual(['OVER_LIMIT', 300]);
    expect(sale.bid('bob', 1, 300)).toBeUndefined();
  });

  test('that buys counts the buy-now price', () => {
    const sale = new Played({ defaultLimit: 500 }, 3, { buyNowPrice: 300 }).register('ann');
    sale.at(START);
    expect(sale.bid('ann', 1, 5_000)).toBeUndefined();
    expect(sale.owes('ann')).toBe(300);
    expect(sale.on(2, { kind: 'buy', userId: 'ann' })).toEqual(['OVER_LIMIT', 200]);
    expect(sale.bid('ann', 2, 300)).toEqual(['OVER_LIMIT', 200]);
    expect(sale.bid('ann', 2, 200)).toBeUndefined();
    expect(sale.on(2, { kind: 'buy', userId: 'ann' })).toBe('BUY_NOW_GONE');
  });

  test('owes nothing for a lot that was not sold', () => {
    const sale = new Played({}, 2, { reservePrice: 900 }).register('ann').at(START);
    sale.bid('ann', 1, 600);
    sale.at(END + 1_000);
    expect(sale.lot(1).outcome).toBe('reserve_not_met');
    expect(sale.owes('ann')).toBe(0);
  });
});

describe('a removal', () => {
  test('passes over who may no longer owe so much, for the lead and for the price', () => {
    const sale = new Played({ defaultLimit: 1_000 }).register('ann', 'bob', 'cid', 'dee').at(START);
    sale.bid('ann', 1, 200);
    sale.bid('bob', 1, 700);
    sale.bid('cid', 1, 900);
    sale.bid('bob', 2, 400); // free again on lot 1, where 700 would be too much now
    sale.on(1, { kind: 'remove', userId: 'root', alias: 3 });
    expect(sale.lot(1)).toMatchObject({ leader: 'ann', price: 100, bidCount: 2 });
    expect(sale.owes('cid')).toBe(0);
  });

  test('may leave an auction with bids and without a leader', () => {
    const sale = new Played({ defaultLimit: 1_000 }).register('ann', 'bob').at(START);
    sale.bid('ann', 1, 700);
    sale.bid('bob', 1, 900);
    sale.bid('ann', 2, 400);
    sale.on(1, { kind: 'remove', userId: 'root', alias: 2 });
    expect(sale.lot(1)).toMatchObject({ price: 100, bidCount: 1, leaderMax: 0 });
    expect(sale.lot(1)).not.toHaveProperty('leader');
    expect(sale.bid('bob', 1, 800)).toBe('BIDDER_BLOCKED');
    expect(sale.bid('ann', 1, 600)).toBeUndefined();
    expect(sale.lot(1).bidders.get('ann')).toMatchObject({ alias: 1, maximum: 600 });
    expect(sale.owes('ann')).toBe(1_000);
  });

  test('lets who was passed over buy at once, and counts the bids before', () => {
    const sale = new Played({ defaultLimit: 1_000 }, 2, { buyNowPrice: 500 });
    sale.register('ann', 'bob').at(START);
    sale.bid('ann', 1, 450);
    sale.bid('ann', 1, 700);
    sale.bid('bob', 1, 900);
    sale.bid('ann', 2, 400);
    sale.on(1, { kind: 'remove', userId: 'root', alias: 2 });
    sale.on(1, { kind: 'buy', userId: 'ann' });
    const { bidCount, bidders } = sale.lot(1);
    expect([bidCount, bidders.get('ann')?.bids]).toEqual([2, 2]);
  });

  test('leaves the lead to a winner who has used the rest of the limit elsewhere', () => {
    const sale = new Played({ defaultLimit: 1_000 }).register('ann', 'bob', 'cid').at(START);
    sale.bid('bob', 1, 300);
    sale.bid('ann', 1, 900);
    sale.bid('cid', 1, 400);
    sale.at(END + 1_000);
    expect(sale.lot(1)).toMatchObject({ leader: 'ann', price: 425 });
    expect(sale.bid('ann', 2, 575)).toBeUndefined();
    sale.on(1, { kind: 'remove', userId: 'root', alias: 3 });
    expect(sale.lot(1)).toMatchObject({ leader: 'ann', price: 325 });
    expect(sale.owes('ann')).toBe(900);
  });

  test('raises no price that the winner owes', () => {
    const sale = new Played({ defaultLimit: 600 }).register('ann', 'bob', 'cid').at(START);
    sale.bid('cid', 1, 150);
    sale.bid('ann', 1, 200);
    sale.bid('bob', 1, 200);
    sale.bid('ann', 1, 500);
    sale.at(END + 1_000);
    expect(sale.lot(1)).toMatchObject({ leader: 'ann', price: 200 });
    sale.bid('ann', 2, 400);
    sale.on(1, { kind: 'remove', userId: 'root', alias: 1 });
    expect(sale.lot(1).price).toBe(200);
  });
});

describe('a pause', () => {
  test('pauses every lot that bids could come to, and its resume those again', () => {
    const sale = new Played({}, 4).at(START);
    sale.on(2, { kind: 'pause', ...SELLER });
    sale.on(4, { kind: 'cancel', ...SELLER });
    sale.at(2_000);
    sale.told.length = 0;
    expect(sale.ask({ kind: 'pause', ...SELLER })).toBeUndefined();
    expect(sale.told).toEqual(['paused', '1:paused', '3:paused']);
    expect(sale.ask({ kind: 'pause', ...SELLER })).toBe('ALREADY_PAUSED');
    sale.at(5_000);
    sale.told.length = 0;
    expect(sale.ask({ kind: 'resume', userId: 'root', admin: true })).toBeUndefined();
    expect(sale.told).toEqual(['resumed', '1:resumed', '3:resumed']);
    expect(sale.lot(1)).toMatchObject({ status: 'live', endsAt: END + 4_000 });
    expect(sale.lot(2)).toMatchObject({ status: 'paused', endsAt: END + 2_000 });
    expect(sale.sale).toMatchObject({ status: 'live', endsAt: END + 6_000 });
    expect(sale.sale).not.toHaveProperty('before');
  });

  test('finds what time had already done to the lots', () => {
    const sale = new Played();
    sale.now = END + 1_500;
    expect(sale.ask({ kind: 'pause', ...SELLER })).toBeUndefined();
    expect(sale.lot(1).status).toBe('ended');
    expect(sale.lot(2).status).toBe('paused');
    expect(sale.sale).toMatchObject({ status: 'paused', before: 'live' });
    sale.ask({ kind: 'resume', ...SELLER });
    expect(sale.sale.status).toBe('live');
  });

  test('of a sale that has not started leaves it scheduled afterwards', () => {
    const sale = new Played();
    sale.ask({ kind: 'pause', ...SELLER });
    sale.at(500).ask({ kind: 'resume', ...SELLER });
    expect(sale.sale.status).toBe('scheduled');
    expect(sale.lot(1)).toMatchObject({ status: 'scheduled', endsAt: END + 1_500 });
  });

  test('lets lots that were due start with the resume', () => {
    const sale = new Played();
    sale.ask({ kind: 'pause', ...SELLER });
    sale.now = START;
    sale.told.length = 0;
    sale.ask({ kind: 'resume', ...SELLER });
    expect(sale.told.slice(0, 2)).toEqual(['resumed', 'started']);
    expect(sale.lot(2).status).toBe('live');
  });

  test("is the seller's or an admin's, of a sale that goes on", () => {
    const sale = new Played();
    expect(sale.ask({ kind: 'pause', userId: 'bob', admin: false })).toBe('NOT_SELLER');
    expect(sale.ask({ kind: 'resume', ...SELLER })).toBe('NOT_PAUSED');
    sale.at(START).at(50_000);
    expect(sale.ask({ kind: 'pause', ...SELLER })).toBe('SALE_ENDED');
    expect(sale.ask({ kind: 'resume', ...SELLER })).toBe('SALE_ENDED');
  });
});
