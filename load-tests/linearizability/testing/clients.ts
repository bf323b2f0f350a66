/** Clients: each sends random steps, aimed at what all have learnt, and writes down what it heard. */
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { seeded } from '@outcry/shared/testing/seeded.ts';
import type { HistoryAnswer, HistoryCommand, HistoryRequest } from '../history.ts';

/** Who sends, and to which gateways (ports; the numbers in a history are their places here). */
export interface Sender {
  readonly client: number;
  readonly userId: string;
  readonly token: string;
  readonly ports: readonly number[];
}

export class HistoryClient {
  readonly #sender: Sender;
  readonly #commands: HistoryCommand[];
  readonly #known: KnownAuctions;
  // A doubled command and its neighbour need two connections.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 2 });

  /** @param commands where all clients of a run write down what they heard */
  constructor(sender: Sender, commands: HistoryCommand[], known: KnownAuctions) {
    this.#sender = sender;
    this.#commands = commands;
    this.#known = known;
  }

  /**
   * Takes steps until `isOver`.
   * @param longestPauseMs between two steps
   */
  async run(steps: RandomSteps, longestPauseMs: number, isOver: () => boolean): Promise<void> {
    const { client, ports } = this.#sender;
    while (!isOver()) {
      const home = client % ports.length;
      const gateway = steps.goesElsewhere() ? (home + 1) % ports.length : home;
      const step = steps.next(this.#known.all);
      const exchanged = await this.#take(step, gateway);
      if (typeof exchanged === 'object') steps.heard(step, exchanged);
      await pause(steps.pauseMs(longestPauseMs));
    }
  }

  /** Reads an auction at one gateway and waits for the answer. */
  async read(auctionId: string, gateway: number): Promise<void> {
    const request: HistoryRequest = { kind: 'read' };
    await this.#send(
      { auctionId, request, key: '', isDoubled: false, dropAfterMs: undefined },
      gateway,
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  async #take(step: Step, gateway: number): Promise<Exchanged> {
    const other = (gateway + 1) % this.#sender.ports.length;
    if (step.isDoubled && step.key !== '') {
      const [exchanged] = await Promise.all([this.#send(step, gateway), this.#send(step, other)]);
      return exchanged;
    }
    const exchanged = await this.#send(step, gateway);
    // A gateway that is down is left at once, as a load balancer does.
    return exchanged === 'unsent' ? this.#send(step, other) : exchanged;
  }

  async #send(step: Step, gateway: number): Promise<Exchanged> {
    const { client, userId, token, ports } = this.#sender;
    const { auctionId, request, key, dropAfterMs } = step;
    const { method, path, body } = httpRequest(auctionId, request);
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(key === '' ? {} : { 'idempotency-key': key }),
    };
    const to = {
      agent: this.#agent,
      host: '127.0.0.1',
      port: ports[gateway],
      method,
      path,
      headers,
    };
    const start = now();
    const exchanged = await exchange(to, body, dropAfterMs);
    // What never left the client is no part of the history.
    if (exchanged === 'unsent') return exchanged;
    const answer = exchanged === 'lost' ? null : exchanged;
    const id = this.#commands.length + 1;
    const sent = { id, client, userId, gateway, auctionId, request, key, start };
    this.#commands.push({ ...sent, end: answer && now(), answer });
    if (answer !== null) this.#known.learn(auctionId, answer);
    return exchanged;
  }
}

/** Milliseconds of this process's monotonic clock, to the microsecond. */
const now = (): number => Math.round(performance.now() * 1_000) / 1_000;

function httpRequest(auctionId: string, request: HistoryRequest) {
  const path = `/v1/auctions/${auctionId}`;
  const { kind, ...content } = request;
  if (kind === 'read') return { method: 'GET', path, body: '' };
  if (kind === 'me') return { method: 'GET', path: `${path}/me`, body: '' };
  const command = { bid: 'bids', buy: 'buy-now', extend: 'extend', cancel: 'cancel' }[kind];
  return { method: 'POST', path: `${path}/${command}`, body: JSON.stringify(content) };
}

/** `lost`: it may have arrived. `unsent`: the gateway took no connection, nothing was sent. */
type Exchanged = HistoryAnswer | 'lost' | 'unsent';

/** The gateway answers within 2 s; what takes much longer will not come. */
const ANSWER_LIMIT_MS = 6_000;

/** @param dropAfterMs the client closes the connection this long after sending; undefined: it waits */
function exchange(
  to: RequestOptions,
  body: string,
  dropAfterMs: number | undefined,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const outgoing = request(to);
    const limit = setTimeout(() => outgoing.destroy(), ANSWER_LIMIT_MS);
    let drop: NodeJS.Timeout | undefined;
    const finish = (exchanged: Exchanged): void => {
      clearTimeout(limit);
      clearTimeout(drop);
      resolve(exchanged);
    };
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? 'unsent' : 'lost');
    });
    const lost = (): void => finish('lost');
    outgoing.on('close', lost);
    outgoing.on('response', (incoming) => {
      // From here on the answer itself says whether it broke off.
      outgoing.off('close', lost);
      readAnswer(incoming).then(finish, lost);
    });
    outgoing.on('finish', () => {
      if (dropAfterMs === undefined) return;
      if (dropAfterMs === 0) outgoing.destroy();
      else drop = setTimeout(() => outgoing.destroy(), dropAfterMs);
    });
    outgoing.end(body);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<HistoryAnswer> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += String(chunk);
  return {
    status: incoming.statusCode ?? 0,
    replayed: incoming.headers['idempotency-replayed'] === 'true',
    body: parseBody(text),
  };
}

function parseBody(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // An answer that is not JSON is shown as it is; no checker accepts it.
  }
  return { text };
}

export interface Step {
  readonly auctionId: string;
  readonly request: HistoryRequest;
  /** '' for none. */
  readonly key: string;
  /** Sent to both gateways at the same time; only with a key. */
  readonly isDoubled: boolean;
  /** The client closes the connection this long after sending; undefined: it waits. */
  readonly dropAfterMs: number | undefined;
}

const BIDDER = { bid: 60, raise: 9, buy: 1, read: 11, me: 3, retry: 15, extend: 1, cancel: 0 };
const SELLER = { bid: 10, raise: 0, buy: 1, read: 24, me: 0, retry: 15, extend: 49, cancel: 1 };
/** How often a bidder tries to buy where no bid is known; the first bid ends that. */
const BUYS_BEFORE_BIDS = 0.2;
/**
 * A client repeats one of its latest commands with a key. Two clients are one user, of whose refusals in an auction
 * the engine keeps 2 KiB, some 27 (`keep_refusal` in commands.lua): what is older is rightly decided again.
 */
const MAX_REMEMBERED = 10;
const MAX_DROP_AFTER_MS = 12;

export class RandomSteps {
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #isSeller: boolean;
  readonly #remembered: Step[] = [];
  readonly #highest = new Map<string, number>();
  #keys = 0;
  /** The auction that the client last knew itself to lead. */
  #led: string | undefined;

  /** @param name unique within the run; keys are made of it */
  constructor(random: SeededRandom, name: string, isSeller: boolean) {
    this.#random = random;
    this.#name = name;
    this.#isSeller = isSeller;
  }

  /** A pause before the next step, of at most this length. */
  pauseMs(longest: number): number {
    return this.#random.integer(0, longest);
  }

  /** True now and then: whether to go to the other gateway this time. */
  goesElsewhere(): boolean {
    return this.#random.chance(0.3);
  }

  next(auctions: readonly KnownAuction[]): Step {
    const kind = this.#random.weighted(this.#isSeller ? SELLER : BIDDER);
    if (kind === 'retry' && this.#remembered.length > 0) return this.#retry();
    const led = kind === 'raise' ? auctions.find(({ id }) => id === this.#led) : undefined;
    const auction = led ?? this.#choose(auctions);
    const request = this.#request(kind, auction);
    const isView = request.kind === 'read' || request.kind === 'me';
    const step: Step = {
      auctionId: auction.id,
      request,
      key: isView || this.#random.chance(0.4) ? '' : this.#newKey(),
      isDoubled: this.#random.chance(0.04),
      dropAfterMs: this.#dropAfterMs(),
    };
    if (step.key !== '') {
      this.#remembered.push(step);
      if (this.#remembered.length > MAX_REMEMBERED) this.#remembered.shift();
    }
    return step;
  }

  /** Takes note of an answer to a step. */
  heard({ auctionId }: Step, { body }: HistoryAnswer): void {
    if (body['result'] === 'leading') this.#led = auctionId;
  }

  /** Some auctions are much wanted; those that are over are still asked now and then. */
  #choose(auctions: readonly KnownAuction[]): KnownAuction {
    const open = auctions.filter(({ isOver }) => !isOver);
    const from = open.length === 0 || this.#random.chance(0.08) ? auctions : open;
    const place = Math.floor(this.#random.next() ** 2 * from.length);
    return from[place] ?? this.#random.pick(from);
  }

  #request(kind: keyof typeof SELLER, auction: KnownAuction): HistoryRequest {
    switch (kind) {
      case 'retry':
      case 'bid': {
        const isFresh = auction.minimumBid === auction.startPrice;
        if (isFresh && this.#random.chance(BUYS_BEFORE_BIDS)) return { kind: 'buy' };
        return this.#offer(auction, this.#aimedAt(auction.minimumBid));
      }
      case 'raise':
        return this.#raise(auction);
      case 'extend': {
        const later = auction.endsAt + this.#random.integer(-100, 300);
        return { kind, endsAt: new Date(Math.min(later, auction.latestEnd)).toISOString() };
      }
      default:
        return { kind };
    }
  }

  #aimedAt(minimumBid: number): number {
    const random = this.#random;
    switch (random.weighted({ below: 14, exactly: 32, above: 34, farAbove: 20 })) {
      case 'below':
        return Math.max(1, minimumBid - random.pick([1, 1, random.integer(2, 200)]));
      case 'exactly':
        return minimumBid;
      case 'above':
        return minimumBid + random.integer(1, 500);
      case 'farAbove':
        return minimumBid + random.integer(500, 20_000);
    }
  }

  /** Something about the own highest offer, which counts if this client still leads. */
  #raise(auction: KnownAuction): HistoryRequest {
    const own = this.#highest.get(auction.id) ?? auction.minimumBid;
    return this.#offer(auction, Math.max(1, own + this.#random.integer(-50, 2_000)));
  }

  /** Before the start an exact bid: a maximum would be an absentee bid, whose events are another log's. */
  #offer({ id, startsAt }: KnownAuction, amount: number): HistoryRequest {
    this.#highest.set(id, Math.max(amount, this.#highest.get(id) ?? 0));
    return Date.now() < startsAt || this.#random.chance(0.5)
      ? { kind: 'bid', amount }
      : { kind: 'bid', maxAmount: amount };
  }

  /** The same command again, whatever became of it; sometimes with another request. */
  #retry(): Step {
    const earlier = this.#random.pick(this.#remembered);
    const isChanged = this.#random.chance(0.12);
    const request = isChanged ? changed(earlier.request) : earlier.request;
    return { ...earlier, request, isDoubled: false, dropAfterMs: this.#dropAfterMs() };
  }

  #dropAfterMs(): number | undefined {
    if (!this.#random.chance(0.08)) return undefined;
    return this.#random.chance(0.3) ? 0 : this.#random.integer(1, MAX_DROP_AFTER_MS);
  }

  #newKey(): string {
    this.#keys += 1;
    return `${this.#name}-${this.#keys}`;
  }
}

function changed(request: HistoryRequest): HistoryRequest {
  if (request.kind !== 'bid') return { kind: 'bid', amount: 10_000 };
  return 'amount' in request
    ? { kind: 'bid', amount: request.amount + 1 }
    : { kind: 'bid', maxAmount: request.maxAmount + 1 };
}

export interface KnownAuction {
  readonly id: string;
  readonly startPrice: number;
  readonly minimumBid: number;
  /** Extending beyond this would make the run too long; ms since 1970. */
  readonly latestEnd: number;
  /** ms since 1970. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly isOver: boolean;
}

export class KnownAuctions {
  readonly #auctions: Map<string, KnownAuction>;

  constructor(auctions: readonly KnownAuction[]) {
    this.#auctions = new Map(auctions.map((auction) => [auction.id, auction]));
  }

  get all(): KnownAuction[] {
    return [...this.#auctions.values()];
  }

  get areAllOver(): boolean {
    return this.all.every(({ isOver }) => isOver);
  }

  /** Takes over what an answer says; it may be old news, which only makes bids miss. */
  learn(id: string, { body }: HistoryAnswer): void {
    const known = this.#auctions.get(id);
    if (known === undefined) return;
    const { code, status, minimumBid, endsAt } = body;
    this.#auctions.set(id, {
      ...known,
      minimumBid: typeof minimumBid === 'number' ? minimumBid : known.minimumBid,
      endsAt: typeof endsAt === 'string' ? Date.parse(endsAt) : known.endsAt,
      isOver: known.isOver || isEnd(code) || isEnd(status),
    });
  }
}

const ENDS = new Set<unknown>(['AUCTION_ENDED', 'AUCTION_CANCELLED', 'ended', 'cancelled']);
const isEnd = (word: unknown): boolean => ENDS.has(word);

const OUT_OF_REACH = 10 ** 11;

/**
 * @param now ms since 1970; all times of the auction are near
 * @param stretch 1 for auctions of one to three seconds
 */
export function randomAuction(random: SeededRandom, now: number, stretch: number): AuctionRequest {
  const startPrice = random.pick([1, 100, 1_000, 9_950]);
  const reserve = random.weighted({ none: 5, low: 3, high: 2 });
  const reservePrice = reserve === 'high' ? OUT_OF_REACH : startPrice + random.integer(0, 20_000);
  const isBuyable = random.chance(0.3);
  // Prices run away quickly; only a buy-now before the first bid can meet its price.
  const buyNowPrice = Math.max(startPrice, reservePrice) + 50_000;
  const startsAt = now + (random.chance(0.3) ? random.integer(200, 800) * stretch : 0);
  const endsAt = startsAt + random.integer(1_000, 2_500) * stretch;
  const hardEndsAt = endsAt + random.integer(0, 1_500) * stretch;
  const softClose = { windowSeconds: 1, extendSeconds: 1, hardEndsAt: iso(hardEndsAt) };
  return {
    item: { title: 'A thing that many want' },
    currency: 'EUR',
    startPrice,
    ...(reserve === 'none' ? {} : { reservePrice }),
    ...(isBuyable && reserve !== 'high' ? { buyNowPrice } : {}),
    ...(startsAt === now ? {} : { startsAt: iso(startsAt) }),
    endsAt: iso(endsAt),
    softClose: random.chance(0.6) ? softClose : null,
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Random choices that follow from a seed. */
export class SeededRandom {
  /** At least 0, below 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws Error when there is nothing to choose from */
  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.integer(0, choices.length - 1)];
    if (chosen === undefined) throw new Error('nothing to choose from');
    return chosen;
  }

  /** One of the names, as often as their weights say. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    const total = names.reduce((sum, name) => sum + weights[name], 0);
    let rest = this.next() * total;
    for (const name of names) {
      rest -= weights[name];
      if (rest < 0) return name;
    }
    return this.pick(names);
  }

  /** A source of its own, for somebody whose choices must not depend on who comes first. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 2 ** 32));
  }
}
