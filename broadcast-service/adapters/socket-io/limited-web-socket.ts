/**
 * The WebSocket of a viewer, rate limited before anything is decoded. Abusive clients are cut off
 * before they consume resources, and what they have sent already is discarded.
 */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import { Allowance } from '../../rooms/allowance.ts';

export type Misuse = 'too many requests' | 'binary data' | 'not the protocol';

/** A reconnecting client watches its 100 auctions again at once. */
const BURST_OF_REQUESTS = 200;
const REQUESTS_PER_SECOND = 50;
/** A longer message counts as several. */
const BYTES_OF_A_REQUEST = 512;
/** Up to here a client is answered RATE_LIMITED; one that goes on ignores that answer. */
const MAX_OVERDRAWN = 60;
/** Messages of viewers fit into one; of a long one, a proxy might make a few. */
const MAX_FRAGMENTS = 16;

export class LimitedWebSocket extends WebSocket {
  /** Called once, when the connection has been cut off. */
  onMisuse: ((misuse: Misuse) => void) | undefined;
  /** 0, or for how many ms this connection had asked too much when it sent what is heard now. */
  msOverdrawn = 0;
  readonly #allowance = new Allowance(BURST_OF_REQUESTS, REQUESTS_PER_SECOND, monotonicNow());
  #isCutOff = false;

  override emit(event: string | symbol, ...sent: unknown[]): boolean {
    switch (event) {
      case 'message':
      case 'ping':
      case 'pong':
        if (!this.#mayCome(sent)) return false;
        if (event === 'ping') this.pong(sent[0]);
        break;
      case 'error':
        this.#cutOff('not the protocol');
    }
    const isHeard = super.emit(event, ...sent);
    // The library closes what it cannot read, and would wait half a minute for the other side to.
    if (event === 'message' && this.readyState === WebSocket.CLOSING) {
      this.#cutOff('not the protocol');
    }
    return isHeard;
  }

  #mayCome([data, isBinary]: readonly unknown[]): boolean {
    if (this.#isCutOff) return false;
    const now = monotonicNow();
    const bytes = Buffer.isBuffer(data) ? data.length : 0;
    const left = this.#allowance.charge(now, Math.max(1, bytes / BYTES_OF_A_REQUEST));
    if (isBinary === true) return this.#cutOff('binary data');
    if (left < -MAX_OVERDRAWN) return this.#cutOff('too many requests');
    const ms = this.#allowance.take(now, 0);
    // The library hands on what came in a tick of its own, one after the other.
    process.nextTick(() => {
      this.msOverdrawn = ms;
    });
    return true;
  }

  /** Without a closing handshake: the other side may not read it, and buffers would wait for it. */
  #cutOff(misuse: Misuse): false {
    if (this.#isCutOff) return false;
    this.#isCutOff = true;
    this.terminate();
    this.onMisuse?.(misuse);
    return false;
  }
}

/** What a viewer's connection consists of. */
export interface Wire {
  readonly webSocket: LimitedWebSocket;
  readonly tcp: Duplex;
}

const wires = new WeakMap<IncomingMessage, Wire>();

/** The connection that was asked for by this request. */
export function wireOf(request: IncomingMessage): Wire {
  const wire = wires.get(request);
  if (wire === undefined) throw new Error('the request was not for a WebSocket');
  return wire;
}

/** For Socket.IO's `wsEngine`. */
export class LimitedWebSockets extends WebSocketServer<typeof LimitedWebSocket> {
  constructor(options: ServerOptions<typeof LimitedWebSocket>) {
    super({
      ...options,
      WebSocket: LimitedWebSocket,
      maxFragments: MAX_FRAGMENTS,
      // Pings are counted first.
      autoPong: false,
    });
  }

  override handleUpgrade(
    request: IncomingMessage,
    tcp: Duplex,
    head: Buffer,
    done: (webSocket: LimitedWebSocket, request: IncomingMessage) => void,
  ): void {
    super.handleUpgrade(request, tcp, head, (webSocket) => {
      wires.set(request, { webSocket, tcp });
      done(webSocket, request);
    });
  }
}
