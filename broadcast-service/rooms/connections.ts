/** How many connections a node takes, in all and from one network, and how fast they may come. */
import { Allowance } from './allowance.ts';
import { networkOf } from './network-of.ts';

export interface ConnectionLimits {
  readonly all: number;
  /** Of one network at a time, and so many new ones at once; 0 for no limit. */
  readonly perAddress: number;
}

export type ConnectionRefusal =
  | 'this node is full'
  | 'too many connections of one address'
  | 'too many new connections of one address';

/** However few connections a network may have, so many come at once, as after a break. */
const MIN_NEWCOMERS = 20;
/** How long it takes until a network that came with all its connections may do so again. */
const REFILL_SECONDS = 10;
/** Of the new connections that a network may make, so many are lost with one that did harm. */
const SHARE_LOST_BY_HARM = 0.05;

interface Network {
  open: number;
  readonly newcomers: Allowance;
  cameAt: number;
}

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
   * @param now ms, steady clock
   * @returns why it is refused, or what to call once, when it has ended
   */
  add(address: string, now: number): ConnectionRefusal | (() => void) {
    const { all, perAddress } = this.#limits;
    if (this.#all >= all) return 'this node is full';
    const network = perAddress > 0 ? this.#networkOf(address, now) : undefined;
    if (network !== undefined) {
      if (network.open >= perAddress) return 'too many connections of one address';
      if (network.newcomers.take(now) > 0) return 'too many new connections of one address';
      network.open += 1;
    }
    this.#all += 1;
    return () => {
      this.#all -= 1;
      if (network !== undefined) network.open -= 1;
    };
  }

  /** A connection of this address did what no viewer does: the next ones wait longer. */
  blame(address: string, now: number): void {
    if (this.#limits.perAddress === 0) return;
    this.#networkOf(address, now).newcomers.lose(now, this.#newcomers * SHARE_LOST_BY_HARM);
  }

  #networkOf(address: string, now: number): Network {
    const key = networkOf(address);
    let network = this.#networks.get(key);
    if (network === undefined) {
      if (this.#networks.size >= 2 * this.#limits.all) this.#forgetGone(now);
      const newcomers = new Allowance(this.#newcomers, this.#newcomers / REFILL_SECONDS, now);
      network = { open: 0, newcomers, cameAt: now };
      this.#networks.set(key, network);
    }
    network.cameAt = now;
    return network;
  }

  /** After so long a network's past makes no difference any more; under attack, none at all. */
  #forgetGone(now: number): void {
    this.#forgetWhere(({ cameAt }) => now - cameAt >= REFILL_SECONDS * 1_000);
    if (this.#networks.size >= 2 * this.#limits.all) this.#forgetWhere(() => true);
  }

  #forgetWhere(isPast: (network: Network) => boolean): void {
    for (const [key, network] of this.#networks) {
      if (network.open === 0 && isPast(network)) this.#networks.delete(key);
    }
  }
}
