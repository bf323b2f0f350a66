/** A viewer's connection over Socket.IO: limits and answers what it sends. */
import { randomUUID } from 'node:crypto';
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import type { Ack, ToViewer } from '@outcry/shared/contracts/live.ts';
import type { Caller, VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import { authenticateViewer, refusedConnection, type Identity } from './authenticate-viewer.ts';
import type { Recipient } from './auction-room.ts';
import { bidRequest, malformed, refused, RETRY_AFTER_MS, type ForwardBid } from './requests.ts';
import { Watches, type Watched, type Watcher, type WatchesParts } from './watches.ts';

export interface ViewerParts extends WatchesParts {
  readonly forwardBid: ForwardBid;
  readonly verifyToken: VerifyToken;
  readonly log: Logger;
}

/** The connection, as far as a viewer needs it. */
export interface ViewerSocket extends Recipient {
  /** False once it was cut off. */
  readonly isOpen: boolean;
  /** 0, or for how many ms it had asked too much when it sent what is handled now. */
  readonly msOverdrawn: number;
  /** Sends what concerns this viewer alone. */
  tell<E extends keyof ToViewer>(event: E, ...message: Parameters<ToViewer[E]>): void;
}

/** Whoever has more answers and notices waiting is disconnected; twice the largest answer. */
const MAX_WAITING_BYTES = 2_000_000;
const MAX_BIDS_IN_FLIGHT = 10;
/**
 * All clients of an address wait for its next permits: one that retries as soon as there is one would
 * mostly be refused again, and use up its own.
 */
const WAIT_FOR_ADDRESS_MS = 1_000;

export type Answer = Ack<Watched | BidReceipt | null>;

export class Viewer {
  /** What viewers may ask. */
  static readonly #acts = new Map<
    unknown,
    (viewer: Viewer, payload: unknown) => Promise<Answer> | Answer
  >([
    ['watch', (viewer, payload) => viewer.#watches.watch(payload)],
    ['unwatch', (viewer, payload) => viewer.#watches.unwatch(payload)],
    ['bid', (viewer, payload) => viewer.#bid(payload)],
    ['authenticate', (viewer, payload) => viewer.#authenticate(payload)],
  ]);

  readonly #address: string;
  readonly #socket: ViewerSocket;
  readonly #parts: ViewerParts;
  readonly #watches: Watches;
  #identity: Identity;
  #bidsInFlight = 0;

  constructor(identity: Identity, of: Watcher, socket: ViewerSocket, parts: ViewerParts) {
    this.#identity = identity;
    this.#address = of.address;
    this.#socket = socket;
    this.#parts = parts;
    this.#watches = new Watches(of, socket, parts);
  }

  /** Whom its newest token names; undefined for anonymous viewers. */
  get caller(): Caller | undefined {
    return this.#identity.caller;
  }

  /** Tells what concerns its user alone, as long as the token is valid. */
  tell<E extends keyof ToViewer>(event: E, ...message: Parameters<ToViewer[E]>): void {
    if (this.caller === undefined || this.caller.expiresAt <= wallClockNow()) return;
    if (!this.#endIfFull()) this.#socket.tell(event, ...message);
  }

  /** Answers and notices have a bound too. @returns whether the connection was ended */
  #endIfFull(): boolean {
    const { waitingBytes } = this.#socket;
    if (waitingBytes <= MAX_WAITING_BYTES) return false;
    this.#parts.log.info({ address: this.#address, waitingBytes }, 'a viewer does not read');
    this.#socket.drop();
    return true;
  }

  /** Whatever a client sends, the worst that happens is a problem as its answer. */
  async handle(event: unknown, payload: unknown, reply: (answer: Answer) => void): Promise<void> {
    const act = Viewer.#acts.get(event);
    // A client that was cut off may have requests queued.
    if (act === undefined || !this.#socket.isOpen || this.#endIfFull()) return;
    try {
      reply(this.#askedTooMuch() ?? (await act(this, payload)));
    } catch (error) {
      const requestId = randomUUID();
      this.#parts.log.error({ err: error, requestId }, 'a message could not be answered');
      const detail = 'The failure was logged under this request id.';
      reply(refused('INTERNAL', detail, {}, requestId));
    }
  }

  /** The connection is gone. */
  close(): void {
    this.#watches.close();
  }

  async #bid(payload: unknown): Promise<Ack<BidReceipt>> {
    const request = bidRequest.safeParse(payload);
    if (!request.success) return malformed(request.error);
    const { token } = this.#identity;
    if (token === undefined) {
      return refused('UNAUTHENTICATED', 'Connect with an access token in auth.token to bid.');
    }
    if (this.#bidsInFlight >= MAX_BIDS_IN_FLIGHT) {
      const detail = `${MAX_BIDS_IN_FLIGHT} bids of this connection wait for their answers.`;
      return refused('RATE_LIMITED', detail, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#bidsInFlight += 1;
    try {
      return await this.#parts.forwardBid({ ...request.data, token, address: this.#address });
    } finally {
      this.#bidsInFlight -= 1;
    }
  }

  /** With a refused token the connection stays what it was: the one before may be good for a while. */
  async #authenticate(payload: unknown): Promise<Ack<null>> {
    const again = await authenticateViewer(payload, this.#parts.verifyToken);
    if (!again.ok) return again;
    const { caller } = again.data;
    if (caller === undefined || caller.userId !== this.caller?.userId) {
      return refusedConnection('FORBIDDEN', 'the token is not one of this user');
    }
    this.#identity = again.data;
    return { ok: true, data: null };
  }

  /** Requests of its own were counted when they came. */
  #askedTooMuch(): Ack<never> | undefined {
    const { msOverdrawn } = this.#socket;
    if (msOverdrawn > 0) {
      const extras = { retryAfterMs: msOverdrawn };
      return refused('RATE_LIMITED', 'This connection asks too much.', extras);
    }
    const addressMs = this.#parts.connections.request(this.#address, monotonicNow());
    if (addressMs === 0) return undefined;
    const retryAfterMs = Math.max(addressMs, WAIT_FOR_ADDRESS_MS);
    return refused('RATE_LIMITED', 'All of its address together ask too much.', { retryAfterMs });
  }
}
