/** How much one connection may ask, by itself and as one of all those of its address. */
import { Allowance } from './allowance.ts';

/** A reconnecting client watches its 100 auctions again at once. */
const BURST_OF_REQUESTS = 200;
const REQUESTS_PER_SECOND = 50;
/**
 * Who is told so often that it asks too much, and does not wait, means harm. Together with the
 * requests that are taken these are fewer than the packets that end a connection unread.
 */
const TOLD_TO_WAIT_AT_ONCE = 50;
/**
 * All of an address wait for its next permits: who came back for the very next one would mostly ask
 * in vain, and use up its own.
 */
const WAIT_FOR_ADDRESS_MS = 1_000;

/** Why a request is refused. */
export interface AskedTooMuch {
  readonly by: 'this connection' | 'its address';
  readonly retryAfterMs: number;
}

/** All times are ms of a steady clock. */
export class RequestAllowance {
  readonly #own: Allowance;
  readonly #told: Allowance;
  readonly #ofAddress: (now: number) => number;
  #isOver = false;

  /** @param ofAddress takes a permit of the address: 0, or for how many ms it has none */
  constructor(ofAddress: (now: number) => number, now: number) {
    this.#own = new Allowance(BURST_OF_REQUESTS, REQUESTS_PER_SECOND, now);
    this.#told = new Allowance(TOLD_TO_WAIT_AT_ONCE, REQUESTS_PER_SECOND, now);
    this.#ofAddress = ofAddress;
  }

  /** @returns undefined when the request may be done */
  take(now: number): AskedTooMuch | undefined {
    const ownMs = this.#own.take(now);
    if (ownMs > 0) return { by: 'this connection', retryAfterMs: ownMs };
    const addressMs = this.#ofAddress(now);
    if (addressMs === 0) return undefined;
    return { by: 'its address', retryAfterMs: Math.max(addressMs, WAIT_FOR_ADDRESS_MS) };
  }

  /**
   * The connection was told that it asks too much by itself. What others of its address used up is
   * not its fault, and must not be counted here.
   * @returns whether it is to be ended; true only once
   */
  isToldTooOften(now: number): boolean {
    if (this.#isOver || this.#told.take(now) === 0) return false;
    this.#isOver = true;
    return true;
  }
}
