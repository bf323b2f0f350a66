/**
 * Answers `GET /v1/auctions/{id}/stream`. A stream is written to the response itself, because a room
 * must know how much of what it sent a viewer has not taken.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { answerProblem, type Exchange, type HttpAnswer } from '@outcry/shared/http/exchange.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { originAllowed } from '@outcry/shared/runtime/origins.ts';
import type { Connections } from '../rooms/connections.ts';
import { openAuctionStream, positionOf, type AuctionStreamsParts } from './auction-streams.ts';
import { StreamRecipient } from './stream-recipient.ts';

export interface StreamAuctionsParts extends AuctionStreamsParts {
  readonly connections: Connections;
  readonly origins: readonly string[];
  readonly trustedProxies: number;
}

const HEARTBEAT_EVERY_MS = 15_000;
const RETRY_AFTER_MS = 1_000;
/** Who does not take the end of its stream for so long is cut off. */
const END_LIMIT_MS = 1_000;
/** Viewers that lose a node come back spread over this time. */
const RECONNECT_FROM_MS = 1_000;
const RECONNECT_TO_MS = 4_000;

export class StreamAuctions {
  readonly #parts: StreamAuctionsParts;
  readonly #open = new Map<ServerResponse, StreamRecipient>();
  readonly #heartbeat: NodeJS.Timeout;
  #stopping = false;

  constructor(parts: StreamAuctionsParts) {
    this.#parts = parts;
    this.#heartbeat = setInterval(() => {
      for (const recipient of this.#open.values()) recipient.beat();
    }, HEARTBEAT_EVERY_MS);
  }

  /** Ends all streams; viewers come back, to another node if there is one. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#heartbeat);
    const responses = Array.from(this.#open.keys());
    const closed = responses.map((response) => once(response, 'close'));
    for (const response of responses) response.end();
    await Promise.race([Promise.all(closed), pause(END_LIMIT_MS)]);
    for (const response of responses) response.destroy();
  }

  /**
   * @returns `taken` when the stream has begun, or why it is refused
   * @throws SourceUnavailableError
   */
  async answer(x: Exchange, auctionId: string): Promise<HttpAnswer | 'taken'> {
    const { incoming, outgoing } = x;
    const { connections, origins, trustedProxies } = this.#parts;
    if (!originAllowed(incoming.headers.origin, origins)) {
      return answerProblem(x, 'FORBIDDEN', 'Pages of this origin may not read streams.');
    }
    if (this.#stopping) return unavailable(x, STOPPING);
    const text = incoming.headers['last-event-id'];
    const after = typeof text === 'string' ? positionOf(text) : undefined;
    if (text !== undefined && after === undefined) {
      const detail = 'Last-Event-ID must be an id of this stream: <epoch>:<seq>.';
      return answerProblem(x, 'INVALID_REQUEST', detail);
    }
    const address = clientAddress(incoming, trustedProxies);
    const counted = connections.add(address, performance.now());
    if (counted === 'this node is full') return unavailable(x, counted);
    if (typeof counted === 'string') {
      const extras = { retryAfterMs: RECONNECT_TO_MS };
      return answerProblem(x, 'RATE_LIMITED', `The connection is refused: ${counted}.`, extras);
    }
    outgoing.once('close', counted);
    outgoing.on('error', () => outgoing.destroy());
    const mayRecover = (events: number): boolean =>
      connections.mayRecover(address, events, performance.now());
    const stream = await openAuctionStream(auctionId, after, mayRecover, this.#parts);
    if (stream === undefined) return answerProblem(x, 'AUCTION_NOT_FOUND', NOT_FOUND);
    if (outgoing.destroyed || this.#stopping) {
      stream.end();
      return unavailable(x, STOPPING);
    }
    outgoing.once('close', () => {
      this.#open.delete(outgoing);
      stream.end();
    });
    const recipient = new StreamRecipient(outgoing);
    this.#open.set(outgoing, recipient);
    outgoing.writeHead(200, [...x.headers, ...STREAM_HEADERS]);
    const retryMs = RECONNECT_FROM_MS + Math.random() * (RECONNECT_TO_MS - RECONNECT_FROM_MS);
    outgoing.write(`retry: ${Math.round(retryMs)}\n\n`);
    stream.begin(recipient);
    return 'taken';
  }
}

/** Names and values, as `writeHead` takes them. */
const STREAM_HEADERS = Object.entries({
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  // Nothing follows a stream on its connection, and a stop need not wait for it.
  connection: 'close',
}).flat();

const STOPPING = 'this node is stopping';
const NOT_FOUND = 'No auction with this id is open or recently closed; the history may have it.';

export const unavailable = (x: Exchange, reason: string): HttpAnswer =>
  answerProblem(x, 'UNAVAILABLE', `Not possible right now: ${reason}.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });
