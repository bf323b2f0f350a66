/** How many connections a node takes, in all and from one network, and what a network may ask. */
import { networkOf } from '@outcry/shared/runtime/client-address.ts';
import { MAX_RECOVERED_EVENTS } from '../feed/missed-events.ts';
import { TokenBucket } from './token-bucket.ts';

export interface ConnectionLimits {
  readonly all: number;
  /** Of one network at a time; 0 for no limit by network. */
  readonly perAddress: number;
}

export type ConnectionRefusal =
  | 'this node is full'
  | 'too many connections of one address'
  | 'too many requests of one address';

/** A network's allowance is at least that of so many connections. */
const MIN_CONNECTIONS = 20;
/** Of each connection at once, on the average: a page watches some auctions when it comes back. */
const REQUESTS_PER_CONNECTION = 10;
const REFILL_SECONDS = 10;
/** A new connection counts as so many requests. */
const REQUESTS_OF_CONNECTING = 3;
/** The share of its requests that a network pays for a connection that was ended for misuse. */
const SHARE_FOR_MISUSE = 0.05;
/**
 * Events of which answers are put together for one network alone, by its connections. An answer of the
 * largest size costs some ms; those that others get too cost nothing more.
 */
const EVENTS_PER_CONNECTION = 2;

interface Network {
  open: number;
  readonly requests: TokenBucket;
  readonly events: TokenBucket;
}

/** All times are ms of a steady clock. */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** What a network may ask at once. */
  readonly #requests: number;
  /** How many events it may be told alone. */
  readonly #events: number;
  readonly #networks = new Map<string, Network>();
  #all = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    const connections = Math.max(limits.perAddress, MIN_CONNECTIONS);
    this.#requests = connections * REQUESTS_PER_CONNECTION;
    this.#events = Math.max(connections * EVENTS_PER_CONNECTION, MAX_RECOVERED_EVENTS);
  }

  get count(): number {
    return this.#all;
  }

  /**
   * Counts a new connection, unless it is one too many.
   * @returns why it is refused, or what to call once, when it has ended
   */
  add(address: string, now: number): ConnectionRefusal | (() => void) {
    const { all, perAddress } = this.#limits;
    if (this.#all >= all) return 'this node is full';
    const network = this.#networkOf(address, now);
    if (network !== undefined) {
      if (network.open >= perAddress) return 'too many connections of one address';
      if (network.requests.take(now, REQUESTS_OF_CONNECTING) > 0) {
        return 'too many requests of one address';
      }
      network.open += 1;
    }
    this.#all += 1;
    return () => {
      this.#all -= 1;
      if (network !== undefined) network.open -= 1;
    };
  }

  /**
   * Counts a request among those of all connections of this address.
   * @returns 0, or for how many ms there are too many
   */
  request(address: string, now: number): number {
    return this.#networkOf(address, now)?.requests.take(now) ?? 0;
  }

  /** @returns whether an answer with so many events may be put together for this address alone */
  mayRecover(address: string, events: number, now: number): boolean {
    return (this.#networkOf(address, now)?.events.take(now, events) ?? 0) === 0;
  }

  /** A connection of this address was ended for misuse, at the expense of its network. */
  misused(address: string, now: number): void {
    this.#networkOf(address, now)?.requests.charge(now, this.#requests * SHARE_FOR_MISUSE);
  }

  #networkOf(address: string, now: number): Network | undefined {
    const { all, perAddress } = this.#limits;
    if (perAddress === 0) return undefined;
    const key = networkOf(address);
    let network = this.#networks.get(key);
    if (network === undefined) {
      if (this.#networks.size >= 2 * all) this.#forgetGone(now, 2 * all);
      const atOnce = (size: number) => new TokenBucket(size, size / REFILL_SECONDS, now);
      network = { open: 0, requests: atOnce(this.#requests), events: atOnce(this.#events) };
      this.#networks.set(key, network);
    }
    return network;
  }

  /** Those whose allowance is not full again stay, if that frees enough. */
  #forgetGone(now: number, most: number): void {
    const forget = (mayGo: (network: Network) => boolean): void => {
      for (const [key, network] of this.#networks) {
        if (network.open === 0 && mayGo(network)) this.#networks.delete(key);
      }
    };
    forget(({ requests }) => requests.take(now, this.#requests) === 0);
    if (this.#networks.size >= most) forget(() => true);
  }
}
