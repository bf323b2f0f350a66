/**
 * The WebSocket of a viewer. What comes is rate limited before anything is decoded: abusive clients
 * are cut off before they consume resources, and what they have sent already is discarded. What is
 * sent are finished frames, straight to the TCP connection.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import type { ToViewer } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { eventsJson, type LiveEvent } from '../../feed/live-message.ts';
import { TokenBucket } from '../../rooms/token-bucket.ts';
import type { Packet } from '../../rooms/auction-room.ts';
import type { Answer, ViewerSocket } from '../../rooms/viewer.ts';
import { textFrame } from './text-frame.ts';

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

/** Thousands who come back from one position miss the same events; these are encoded once. */
const encodedEvents = new WeakMap<readonly LiveEvent[], Buffer>();

export class ViewerWebSocket extends WebSocket implements ViewerSocket {
  /** Set before anything is sent. */
  tcp: Duplex | undefined;
  /** The viewer's network address, once it is known. */
  address = '';
  /** Called once, when the connection has been cut off. */
  onMisuse: ((misuse: Misuse) => void) | undefined;
  msOverdrawn = 0;
  readonly #allowance = new TokenBucket(BURST_OF_REQUESTS, REQUESTS_PER_SECOND, monotonicNow());
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

  get isOpen(): boolean {
    return this.readyState === WebSocket.OPEN;
  }

  get waitingBytes(): number {
    return this.tcp?.writableLength ?? 0;
  }

  push(packet: Packet): void {
    // Socket.IO's packet (`2`, an event of the main namespace) in the engine's (`4`, a message).
    packet.frame ??= textFrame(`42["${packet.event}",${packet.json}]`);
    this.#write(packet.frame);
  }

  tell<E extends keyof ToViewer>(event: E, ...[message]: Parameters<ToViewer[E]>): void {
    this.#write(textFrame(`42["${event}",${JSON.stringify(message)}]`));
  }

  /** @param id the number of the request within its connection */
  answer(id: number, answer: Answer): void {
    if (!answer.ok || answer.data === null || !('events' in answer.data)) {
      this.#write(textFrame(`43${id}[${JSON.stringify(answer)}]`));
      return;
    }
    const { auction, events, recovered } = answer.data;
    const own = `{"auction":${JSON.stringify(auction)},"recovered":${recovered},"events":`;
    let rest = encodedEvents.get(events);
    if (rest === undefined) {
      // And all that follows them in the answer.
      rest = Buffer.from(`${eventsJson(events)}}}]`);
      encodedEvents.set(events, rest);
    }
    this.tcp?.cork();
    this.#write(textFrame(`43${id}[{"ok":true,"data":${own}`, rest.length));
    this.#write(rest);
    this.tcp?.uncork();
  }

  drop(): void {
    this.terminate();
  }

  /** The library writes whole frames too, so that frames never mix. */
  #write(bytes: Buffer): void {
    if (this.isOpen) this.tcp?.write(bytes);
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

const webSockets = new WeakMap<IncomingMessage, ViewerWebSocket>();

/** The connection that was asked for by this request. */
export function webSocketOf(request: IncomingMessage): ViewerWebSocket {
  const webSocket = webSockets.get(request);
  if (webSocket === undefined) throw new Error('the request was not for a WebSocket');
  return webSocket;
}

/** For Socket.IO's `wsEngine`. */
export class ViewerWebSockets extends WebSocketServer<typeof ViewerWebSocket> {
  constructor(options: ServerOptions<typeof ViewerWebSocket>) {
    super({
      ...options,
      WebSocket: ViewerWebSocket,
      maxFragments: MAX_FRAGMENTS,
      // Pings are counted first.
      autoPong: false,
    });
  }

  override handleUpgrade(
    request: IncomingMessage,
    tcp: Duplex,
    head: Buffer,
    done: (webSocket: ViewerWebSocket, request: IncomingMessage) => void,
  ): void {
    super.handleUpgrade(request, tcp, head, (webSocket) => {
      webSocket.tcp = tcp;
      webSockets.set(request, webSocket);
      done(webSocket, request);
    });
  }
}
