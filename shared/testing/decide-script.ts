/**
 * Auctions and bids straight on a Redis, through the decide script that the gateway runs, for
 * tests of services that only read what it writes.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { decideScriptText } from '../contracts/decide-script-files.ts';
import type { Creation, ItemDetails } from '../contracts/events.ts';
import { auctionKeys } from '../contracts/keys.ts';
import { encodeReason } from '../contracts/records.ts';
import { shardOfId } from '../domain/ids.ts';
import { DEFAULT_INCREMENTS } from '../domain/increments.ts';

const LUA_FOLDER = new URL('../../api-gateway/adapters/redis/lua/', import.meta.url);
const SCRIPT = `#!lua\n${decideScriptText((name) =>
  readFileSync(new URL(`${name}.lua`, LUA_FOLDER), 'utf8'),
)}`;
/** The same with a live channel that nobody hears. */
const SILENT_SCRIPT = SCRIPT.replace("':live:'", "':lost:'");
const ANSWERS_FROM = 4;

export interface ScriptAuction {
  /** An item that is there already; default a new one. */
  readonly itemId?: string;
  readonly sellerId?: string;
  readonly title?: string;
  readonly startPrice?: number;
  readonly reservePrice?: number;
  readonly buyNowPrice?: number;
  /** Default: now, by Redis's clock. */
  readonly startsAt?: number;
  /** Default one hour. */
  readonly durationMs?: number;
  /** `from:by` pairs joined by commas; default the usual table. */
  readonly increments?: string;
  /** Default: no soft close. */
  readonly softClose?: {
    readonly windowMs: number;
    readonly extendMs: number;
    readonly hardEndsAt?: number;
  };
  readonly highestBid?: number;
  /** Default: none. */
  readonly graceMs?: number;
  /** Of a lot: its sale, see {@link ScriptedAuctions.createSale}. */
  readonly saleId?: string;
  /** Idempotency key of the creation. */
  readonly key?: string;
}

export interface ScriptBid {
  readonly userId: string;
  /** Exactly one of the two, in minor units. */
  readonly amount?: number;
  readonly maxAmount?: number;
  readonly key?: string;
  /** Which request the key stands for; default one of its own. */
  readonly fingerprint?: string;
}

export class ScriptedAuctions {
  readonly #redis: Redis;
  readonly #shards: number;
  #silent = false;

  constructor(redis: Redis, shards: number) {
    this.#redis = redis;
    this.#shards = shards;
  }

  /** What `act` decides is published to nobody, as when a message gets lost on the way. */
  async losingMessages<T>(act: () => Promise<T>): Promise<T> {
    this.#silent = true;
    try {
      return await act();
    } finally {
      this.#silent = false;
    }
  }

  /** Creates an auction that is open at once unless `startsAt` says otherwise. */
  async create(auctionId: string, terms: ScriptAuction = {}): Promise<void> {
    const { sellerId = 'seller', startPrice = 1_000, buyNowPrice = 0 } = terms;
    const itemId = terms.itemId ?? `i${auctionId.slice(1)}`;
    const item: ItemDetails = { id: itemId, title: terms.title ?? 'A lamp' };
    const creation: Creation = {
      item,
      newItem: terms.itemId === undefined,
      sellerId,
      currency: 'EUR',
      startPrice,
      reservePrice: terms.reservePrice ?? 0,
      buyNowPrice,
      increments:
        terms.increments ?? DEFAULT_INCREMENTS.map(({ from, by }) => `${from}:${by}`).join(','),
      startsAt: terms.startsAt ?? 0,
      endsAt: 0,
      durationMs: terms.durationMs ?? 3_600_000,
      softWindowMs: terms.softClose?.windowMs ?? 0,
      softExtendMs: terms.softClose?.extendMs ?? 0,
      hardEndsAt: terms.softClose?.hardEndsAt ?? 0,
      highestBid: terms.highestBid ?? 0,
      graceMs: terms.graceMs ?? 0,
      ...(terms.saleId === undefined ? {} : { saleId: terms.saleId, lot: 1 }),
    };
    const shown = { id: auctionId, item, sellerId, currency: 'EUR' };
    const openTerms = JSON.stringify({
      ...shown,
      ...(buyNowPrice === 0 ? {} : { buyNowPrice }),
      ...(creation.highestBid === 0 ? {} : { highestBid: creation.highestBid }),
    });
    const create = command('create', { userId: sellerId, key: terms.key ?? '' });
    const [answer] = await this.#call(auctionId, [create], {
      creation: JSON.stringify(creation),
      terms: openTerms.slice(0, -1),
      item: terms.itemId === undefined ? JSON.stringify(item) : '',
    });
    if (answer?.startsWith('+OK') !== true) throw new Error(`not created: ${answer}`);
  }

  /** Creates a sale in euros whose bidders have this limit (minor units), and registers them. */
  async createSale(saleId: string, limit: number, bidders: readonly string[]): Promise<void> {
    const create = command('create', { userId: 'seller' });
    const plan = {
      sellerId: 'seller',
      currency: 'EUR',
      registration: 'open',
      defaultLimit: limit,
      firstLotEndsAt: Date.now() + 3_600_000,
      staggerMs: 0,
      startsAt: 0,
      softWindowMs: 0,
      softExtendMs: 0,
      graceMs: 0,
    };
    const creation = { creation: '{"title":"Lamps"}', terms: JSON.stringify(plan), item: '' };
    const registrations = bidders.map((userId) => command('register', { userId }));
    const answers = await this.#call(saleId, [create, ...registrations], creation);
    const refused = answers.find((answer) => !answer.startsWith('+OK'));
    if (refused !== undefined) throw new Error(`not created or registered: ${refused}`);
  }

  /**
   * Places bids in one call, which makes one log entry and one message.
   * @returns `+CODE body` for each, as the script documents
   */
  bid(auctionId: string, ...bids: readonly ScriptBid[]): Promise<string[]> {
    return this.#call(
      auctionId,
      bids.map((bid) => command('bid', bid)),
    );
  }

  /** Buys at the buy-now price; the same answers as for a bid. */
  buyNow(auctionId: string, userId: string): Promise<string[]> {
    return this.#call(auctionId, [command('buy', { userId })]);
  }

  /** Cancels as this user; the answer as for a bid. */
  cancel(auctionId: string, userId: string, key = ''): Promise<string[]> {
    return this.#call(auctionId, [command('cancel', { userId, key })]);
  }

  /** Extends to a time (ms) as this user; the answer as for a bid. */
  extend(auctionId: string, userId: string, endsAt: number, key = ''): Promise<string[]> {
    return this.#call(auctionId, [command('extend', { userId, amount: endsAt, key })]);
  }

  /** Pauses, resumes, or removes the bidder with this alias; the answer as for a bid. */
  manage(
    auctionId: string,
    kind: 'pause' | 'resume' | 'remove',
    asked: { userId: string; alias?: number; reason?: string; key?: string },
  ): Promise<string[]> {
    const { userId, alias: amount = 0, reason, key = '' } = asked;
    return this.#call(auctionId, [command(kind, { userId, amount, key }, { admin: true, reason })]);
  }

  /** A call without a command: opens and closes the auction when its times have passed. */
  async touch(auctionId: string): Promise<void> {
    await this.#call(auctionId, []);
  }

  async #call(
    auctionId: string,
    commands: readonly string[],
    created: { creation: string; terms: string; item: string } = {
      creation: '',
      terms: '',
      item: '',
    },
  ): Promise<string[]> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) throw new Error(`${auctionId} has no shard`);
    const { creation, terms, item } = created;
    const lines = creation === '' ? [] : [`=${creation}`, `=${terms}`, `=${item}`];
    const packed = [`${auctionId} ${hex(16)} `, ...lines, ...commands, ''].join('\n');
    const reply: unknown = await this.#redis.eval(
      this.#silent ? SILENT_SCRIPT : SCRIPT,
      1,
      auctionKeys(shard, auctionId).auction,
      '',
      packed,
    );
    const decided: unknown = Array.isArray(reply) ? reply[0] : undefined;
    const parts = Array.isArray(decided) ? decided.map(String) : [];
    if (parts[0]?.startsWith('OK ') !== true)
      throw new Error(`the script answered ${JSON.stringify(reply)}`);
    return parts.slice(ANSWERS_FROM);
  }
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** A line of the script's, see decide.lua. */
function command(
  kind: 'create' | 'register' | 'bid' | 'buy' | 'cancel' | 'extend' | 'pause' | 'resume' | 'remove',
  { userId, amount = 0, maxAmount = 0, key = '', fingerprint = hex(8) }: ScriptBid,
  { admin = false, reason }: { admin?: boolean; reason?: string | undefined } = {},
) {
  const why = reason === undefined ? '' : ` ${encodeReason(reason)}`;
  return `${kind} ${userId} ${admin ? 'a' : ''} b-${hex(8)} ${amount} ${maxAmount} ${hex(16)} ${fingerprint} ${key}${why}`;
}
