/** One viewer's Socket.IO connection: limits and dispatches its requests. */
import { randomUUID } from 'node:crypto';
import type { Ack, Position } from '@outcry/shared/contracts/live.ts';
import type { Caller, VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import {
  authenticateAgain,
  ConnectionRefusedError,
  type Identity,
} from '../../rooms/authenticate-viewer.ts';
import type { Connections } from '../../rooms/connections.ts';
import type { Recipient } from '../../rooms/recipient.ts';
import { refused } from '../../rooms/requests.ts';
import { Viewer, type Reply, type ViewerParts, type ViewerSocket } from '../../rooms/viewer.ts';
import type { LimitedWebSocket } from './limited-web-socket.ts';
import { EncodedAnswer, type SocketRecipient } from './socket-recipient.ts';

export interface SessionParts extends ViewerParts {
  readonly connections: Connections;
  join(auctionId: string, recipient: Recipient, at: Position, viewer: string | undefined): void;
  leave(auctionId: string, recipient: Recipient): void;
  readonly verifyToken: VerifyToken;
  readonly log: Logger;
}

export interface SessionOf {
  readonly identity: Identity;
  readonly address: string;
  /** Whom the connection counts as. */
  readonly person: string;
}

/** Whoever has more answers and notices waiting is disconnected; twice the largest answer. */
const MAX_WAITING_BYTES = 2_000_000;
/**
 * All clients of an address wait for its next permits: one that retries as soon as there is one would
 * mostly be refused again, and use up its own.
 */
const WAIT_FOR_ADDRESS_MS = 1_000;

export class ViewerSession implements ViewerSocket {
  readonly address: string;
  readonly recipient: SocketRecipient;
  readonly #person: string;
  readonly #webSocket: LimitedWebSocket;
  readonly #parts: SessionParts;
  readonly #viewer: Viewer;
  #identity: Identity;

  constructor(
    { identity, address, person }: SessionOf,
    recipient: SocketRecipient,
    webSocket: LimitedWebSocket,
    parts: SessionParts,
  ) {
    this.#identity = identity;
    this.address = address;
    this.recipient = recipient;
    this.#person = person;
    this.#webSocket = webSocket;
    this.#parts = parts;
    this.#viewer = new Viewer(this, parts);
  }

  get token(): string | undefined {
    return this.#identity.token;
  }

  get caller(): Caller | undefined {
    return this.#identity.caller;
  }

  close(): void {
    this.#viewer.close();
  }

  get waitingBytes(): number {
    return this.recipient.waitingBytes;
  }

  mayRecover(events: number): boolean {
    return this.#parts.connections.mayRecover(this.address, events, monotonicNow());
  }

  charge(requests: number): void {
    this.#webSocket.charge(requests);
  }

  join(auctionId: string, at: Position, counted: boolean): void {
    this.#parts.join(auctionId, this.recipient, at, counted ? this.#person : undefined);
  }

  leave(auctionId: string): void {
    this.#parts.leave(auctionId, this.recipient);
  }

  /** Answers and notices have a bound too. @returns whether the connection was ended */
  endIfFull(): boolean {
    const { waitingBytes } = this;
    if (waitingBytes <= MAX_WAITING_BYTES) return false;
    this.#parts.log.info({ address: this.address, waitingBytes }, 'a viewer does not read');
    this.recipient.drop();
    return true;
  }

  /** Unknown events are ignored. */
  handle(event: unknown, sent: readonly unknown[]): void {
    // A client that was cut off may have requests queued.
    if (this.#webSocket.readyState !== this.#webSocket.OPEN || this.endIfFull()) return;
    const { payload, ack = ignore } = readSent(sent);
    const { recipient } = this;
    const reply: Reply<unknown> = (found) =>
      ack(new EncodedAnswer((id) => recipient.answer(id, found)));
    switch (event) {
      case 'watch':
        this.#answer(reply, () =>
          this.#viewer.watch(payload, (found) => {
            const write = (id: number): void => {
              if (found.ok) recipient.answerWatch(id, found.data);
              else recipient.answer(id, found);
            };
            ack(new EncodedAnswer(write));
          }),
        );
        break;
      case 'unwatch':
        this.#answer(reply, () => this.#viewer.unwatch(payload, reply));
        break;
      case 'bid':
        this.#answer(reply, () => this.#viewer.bid(payload, reply));
        break;
      case 'authenticate':
        this.#answer(reply, () => this.#authenticate(payload, reply));
    }
  }

  /** With a refused token the connection stays what it was: the one before may be good for a while. */
  async #authenticate(payload: unknown, reply: Reply<null>): Promise<void> {
    try {
      this.#identity = await authenticateAgain(this.#identity, payload, this.#parts.verifyToken);
      reply({ ok: true, data: null });
    } catch (error) {
      if (!(error instanceof ConnectionRefusedError)) throw error;
      reply({ ok: false, problem: error.data });
    }
  }

  /** Whatever a client sends, the worst that happens is a problem as its answer. */
  #answer(reply: Reply<never>, act: () => Promise<void> | void): void {
    const refusal = this.#askedTooMuch();
    if (refusal !== undefined) {
      reply(refusal);
      return;
    }
    void (async () => {
      try {
        await act();
      } catch (error) {
        const requestId = randomUUID();
        this.#parts.log.error({ err: error, requestId }, 'a message could not be answered');
        const detail = 'The failure was logged under this request id.';
        reply(refused('INTERNAL', detail, {}, requestId));
      }
    })();
  }

  /** Requests of its own were counted when they came. */
  #askedTooMuch(): Ack<never> | undefined {
    const ownMs = this.#webSocket.msOverdrawn;
    if (ownMs > 0) {
      return refused('RATE_LIMITED', 'This connection asks too much.', { retryAfterMs: ownMs });
    }
    const addressMs = this.#parts.connections.request(this.address, monotonicNow());
    if (addressMs === 0) return undefined;
    const retryAfterMs = Math.max(addressMs, WAIT_FOR_ADDRESS_MS);
    return refused('RATE_LIMITED', 'All of its address together ask too much.', { retryAfterMs });
  }
}

type Answer = (answer: EncodedAnswer) => void;

/** `emit(event, payload, answer?)`; payloads that are none or many are no request of any kind. */
function readSent(sent: readonly unknown[]): { payload: unknown; ack?: Answer } {
  const last = sent.at(-1);
  const payloads = typeof last === 'function' ? sent.slice(0, -1) : sent;
  const payload = payloads.length > 1 ? payloads : payloads[0];
  return typeof last === 'function' ? { payload, ack: last as Answer } : { payload };
}

const ignore = (): void => undefined;
