/** How many connections a node takes, in all and from one network, how fast, and what these may ask. */
import { MAX_RECOVERED_EVENTS } from '../recovery/recover.ts';
import { Allowance } from './allowance.ts';
import { networkOf } from '@outcry/shared/runtime/client-address.ts';

export interface ConnectionLimits {
  readonly all: number;
  /** Of one network at a time, and so many new ones at once; 0 for no limit by network. */
  readonly perAddress: number;
}

export type ConnectionRefusal =
  | 'this node is full'
  | 'too many connections of one address'
  | 'too many new connections of one address';

/** However few connections a network may have, so many come at once, as after a break. */
const MIN_NEWCOMERS = 20;
/** How long it takes until a network that used up what it may do at once may do so again. */
const REFILL_SECONDS = 10;
/** Of the new connections that a network may make, so many are lost with one that did harm. */
const SHARE_LOST_BY_HARM = 0.05;
/** Refusals in words for a network that may make no new connections; after these, none. */
const TOLD_AT_ONCE = 20;
const TOLD_PER_SECOND = 2;
/** Of each connection at once, on the average: a page watches some auctions when it comes back. */
const REQUESTS_A_CONNECTION = 10;
/**
 * Events of which answers are put together for one network alone. An answer of the largest size
 * costs some ms; those that others get too cost nothing more.
 */
const EVENTS_A_CONNECTION = 2;

/** What one network did, and may do. */
interface Network {
  open: number;
  cameAt: number;
  readonly newcomers: Allowance;
  readonly told: Allowance;
  readonly requests: Allowance;
  readonly events: Allowance;
}

/** All times are ms of a steady clock. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #newcomers: number;
  readonly #networks = new Map<string, Network>();
  #all = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#newcomers = Math.max(limits.perAddress, MIN_NEWCOMERS);
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
      if (!countNewcomer(network, now)) return 'too many new connections of one address';
      if (network.open >= perAddress) return 'too many connections of one address';
      network.open += 1;
    }
    this.#all += 1;
    return () => {
      this.#all -= 1;
      if (network !== undefined) network.open -= 1;
    };
  }

  /** A connection of this address was refused for another reason: it counts like one that came. */
  refused(address: string, now: number): void {
    const network = this.#networkOf(address, now);
    if (network !== undefined) countNewcomer(network, now);
  }

  /** A connection of this address did what no viewer does: the next ones wait longer. */
  blame(address: string, now: number): void {
    this.#networkOf(address, now)?.newcomers.lose(now, this.#newcomers * SHARE_LOST_BY_HARM);
  }

  /** Whether a new connection would be refused, and the address was told why often enough. */
  isTurnedAway(address: string, now: number): boolean {
    const network = this.#networks.get(networkOf(address));
    return network !== undefined && network.newcomers.left(now) < 1 && network.told.left(now) < 1;
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

  #networkOf(address: string, now: number): Network | undefined {
    if (this.#limits.perAddress === 0) return undefined;
    const key = networkOf(address);
    let network = this.#networks.get(key);
    if (network === undefined) {
      if (this.#networks.size >= 2 * this.#limits.all) this.#forgetGone(now);
      network = this.#newNetwork(now);
      this.#networks.set(key, network);
    }
    network.cameAt = now;
    return network;
  }

  #newNetwork(now: number): Network {
    const atOnce = (size: number): Allowance => new Allowance(size, size / REFILL_SECONDS, now);
    return {
      open: 0,
      cameAt: now,
      newcomers: atOnce(this.#newcomers),
      told: new Allowance(TOLD_AT_ONCE, TOLD_PER_SECOND, now),
      requests: atOnce(this.#newcomers * REQUESTS_A_CONNECTION),
      events: atOnce(Math.max(this.#newcomers * EVENTS_A_CONNECTION, MAX_RECOVERED_EVENTS)),
    };
  }

  /**
   * After so long a network's past makes no difference any more, not even that of one that owes as
   * much as it may have. Where this frees nothing, as under attack, all without connections go.
   */
  #forgetGone(now: number): void {
    this.#forgetWhere(({ cameAt }) => now - cameAt >= 2 * REFILL_SECONDS * 1_000);
    if (this.#networks.size >= 2 * this.#limits.all) this.#forgetWhere(() => true);
  }

  #forgetWhere(isPast: (network: Network) => boolean): void {
    for (const [key, network] of this.#networks) {
      if (network.open === 0 && isPast(network)) this.#networks.delete(key);
    }
  }
}

/** @returns whether it may come; otherwise it is told so */
function countNewcomer({ newcomers, told }: Network, now: number): boolean {
  if (newcomers.take(now) === 0) return true;
  told.take(now);
  return false;
}
