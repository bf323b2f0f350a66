/** Auctions as version 1 wrote them: its script, its names, its way to call. For tests of updates. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

const SCRIPT = `#!lua\n${readFileSync(new URL('version-1.lua', import.meta.url), 'utf8')}`;
const ANSWERS_FROM = 8;

export interface Version1Bid {
  readonly userId: string;
  readonly maxAmount: number;
  readonly key: string;
}

export interface Version1Terms {
  readonly startsInMs?: number;
  readonly durationMs: number;
}

/** What the script said of a call. */
export type Version1Reply =
  | { readonly kind: 'decided'; readonly answers: readonly string[] }
  /** It refuses an auction that the present version has taken over, and changes nothing. */
  | { readonly kind: 'refused'; readonly reason: string };

export class Version1 {
  readonly #redis: Redis;

  /** @param redis with the rights of a gateway */
  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** @throws Error when it is not created */
  async create(shard: number, auctionId: string, terms: Version1Terms): Promise<void> {
    const { startsInMs = 0, durationMs } = terms;
    const item = { id: `i${auctionId.slice(1)}`, title: 'A "lamp"' };
    const startsAt = startsInMs === 0 ? 0 : Date.now() + startsInMs;
    const creation = {
      item,
      newItem: true,
      sellerId: 'sam',
      currency: 'EUR',
      startPrice: 1_000,
      reservePrice: 0,
      buyNowPrice: 0,
      increments: '0:10,10000:100',
      startsAt,
      endsAt: 0,
      durationMs,
      softWindowMs: 0,
      softExtendMs: 0,
      hardEndsAt: 0,
    };
    const open = JSON.stringify({ id: auctionId, item, sellerId: 'sam', currency: 'EUR' });
    const texts = [JSON.stringify(creation), open.slice(0, -1), JSON.stringify(item)];
    const itemKey = `{s${shard}}:item:${item.id}`;
    const command = packed('create', 'sam', 0, 'created', 'f');
    const reply = await this.#call(shard, auctionId, [command], texts, [itemKey]);
    if (reply.kind !== 'decided' || reply.answers[0]?.startsWith('+OK') !== true) {
      throw new Error(`not created: ${JSON.stringify(reply)}`);
    }
  }

  /** Bids in one call. */
  bid(shard: number, auctionId: string, ...bids: readonly Version1Bid[]): Promise<Version1Reply> {
    const commands = bids.map(({ userId, maxAmount, key }) =>
      packed('bid', userId, maxAmount, key, `max:${maxAmount}`),
    );
    return this.#call(shard, auctionId, commands);
  }

  async #call(
    shard: number,
    auctionId: string,
    commands: readonly string[],
    texts: readonly string[] = ['', '', ''],
    moreKeys: readonly string[] = [],
  ): Promise<Version1Reply> {
    const s = `{s${shard}}`;
    const lists = ['scheduled', 'live', 'ended', 'cancelled'].map(
      (name) => `${s}:auctions:${name}`,
    );
    const own = ['auction', 'log', 'bidders', 'answers'].map((name) => `${s}:${name}:${auctionId}`);
    const keys = [`${s}:whole`, ...lists, `${s}:busy-items`, `${s}:behind`, ...own, ...moreKeys];
    const words = [
      `${s}:notices`,
      `${s}:due`,
      `${s}:traces`,
      auctionId,
      `${s}:live:${auctionId}`,
      hex(16),
      '',
      ...texts,
      `${commands.length}`,
      ...commands,
    ];
    const reply: unknown = await this.#redis.eval(SCRIPT, keys.length, ...keys, ...words);
    const part: unknown = Array.isArray(reply) ? reply[1] : undefined;
    const [state, reason = '', ...rest] = Array.isArray(part) ? part.map(String) : [];
    return state === 'OK'
      ? { kind: 'decided', answers: [reason, ...rest].slice(ANSWERS_FROM - 1) }
      : { kind: 'refused', reason: `${state} ${reason}` };
  }
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

const packed = (kind: string, user: string, maximum: number, key: string, print: string): string =>
  `${kind}|${user}||b-${hex(8)}|0|${maximum}|${hex(16)}|${print}|${key}`;
