/**
 * `GET /v1/auctions/{id}/stream`. Answered without the framework, because a room must know how much
 * of what it sent a viewer has not taken.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem, type Problem } from '@outcry/shared/contracts/problems.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { SourceUnavailableError } from '../feed/auction-source.ts';
import { originAllowed, type ConnectionRefusal, type Connections } from '../rooms/connections.ts';
import {
  openAuctionStream,
  positionOf,
  type AuctionStream,
  type AuctionStreamsParts,
} from './auction-streams.ts';
import { StreamRecipient } from './stream-recipient.ts';

export interface StreamRouteParts extends AuctionStreamsParts {
  readonly connections: Connections;
  readonly origins: readonly string[];
  readonly trustedProxies: number;
  readonly log: Logger;
}

const PATH = /^\/v1\/auctions\/([A-Za-z0-9_-]{1,64})\/stream(?:\?.*)?$/;
const HEARTBEAT_EVERY_MS = 15_000;
const RETRY_AFTER_MS = 1_000;
/** Who does not take the end of its stream for so long is cut off. */
const END_LIMIT_MS = 1_000;
/** Viewers that lose a node come back spread over this time. */
const RECONNECT_FROM_MS = 1_000;
const RECONNECT_TO_MS = 4_000;

export class AuctionStreamRoute {
  readonly #parts: StreamRouteParts;
  readonly #open = new Map<ServerResponse, StreamRecipient>();
  readonly #heartbeat: NodeJS.Timeout;
  #stopping = false;

  constructor(parts: StreamRouteParts) {
    this.#parts = parts;
    this.#heartbeat = setInterval(() => {
      for (const recipient of this.#open.values()) recipient.beat();
    }, HEARTBEAT_EVERY_MS);
  }

  /** Answers the request if it is one of these. @returns false for any other */
  takes(request: IncomingMessage, response: ServerResponse): boolean {
    const auctionId = PATH.exec(request.url ?? '')?.[1];
    if (auctionId === undefined) return false;
    void this.#answer(auctionId, request, response);
    return true;
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

  async #answer(
    auctionId: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    response.on('error', () => response.destroy());
    const { origin } = request.headers;
    response.setHeader('vary', 'origin');
    if (origin !== undefined && originAllowed(origin, this.#parts.origins)) {
      response.setHeader('access-control-allow-origin', origin);
    }
    if (request.method === 'OPTIONS') {
      response.setHeader('access-control-allow-methods', 'GET');
      response.setHeader('access-control-allow-headers', 'last-event-id');
      response.setHeader('access-control-max-age', '600');
      response.writeHead(204).end();
      return;
    }
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      if (refusal.code === 'METHOD_NOT_ALLOWED') response.setHeader('allow', 'GET, OPTIONS');
      refuse(response, refusal);
      return;
    }
    const text = request.headers['last-event-id'];
    const after = typeof text === 'string' ? positionOf(text) : undefined;
    if (text !== undefined && after === undefined) {
      const detail = 'Last-Event-ID must be an id of this stream: <epoch>:<seq>.';
      refuse(response, problem('INVALID_REQUEST', detail, randomUUID()));
      return;
    }
    const { connections } = this.#parts;
    const address = clientAddress(request, this.#parts.trustedProxies);
    const counted = connections.add(address, performance.now());
    if (typeof counted === 'string') {
      refuse(response, connectionProblem(counted));
      return;
    }
    response.once('close', counted);
    const mayRecover = (events: number): boolean =>
      connections.mayRecover(address, events, performance.now());
    await this.#stream(
      () => openAuctionStream(auctionId, after, mayRecover, this.#parts),
      response,
    );
  }

  async #stream(
    open: () => Promise<AuctionStream | undefined>,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const stream = await open();
      if (stream === undefined) {
        refuse(response, problem('AUCTION_NOT_FOUND', NOT_FOUND, randomUUID()));
        return;
      }
      if (response.destroyed || this.#stopping) {
        stream.end();
        refuse(response, unavailable('this node is stopping'));
        return;
      }
      response.once('close', () => {
        this.#open.delete(response);
        stream.end();
      });
      const recipient = new StreamRecipient(response);
      this.#open.set(response, recipient);
      writeHead(response);
      stream.begin(recipient);
    } catch (error) {
      refuse(response, this.#problemOf(error));
    }
  }

  #refusal(request: IncomingMessage): Problem | undefined {
    const id = randomUUID();
    if (request.method !== 'GET') {
      return problem('METHOD_NOT_ALLOWED', 'A stream can only be read.', id);
    }
    if (!originAllowed(request.headers.origin, this.#parts.origins)) {
      return problem('FORBIDDEN', 'Pages of this origin may not read streams.', id);
    }
    return this.#stopping ? unavailable('this node is stopping') : undefined;
  }

  #problemOf(error: unknown): Problem {
    if (error instanceof SourceUnavailableError) return unavailable(error.message);
    const requestId = randomUUID();
    this.#parts.log.error({ err: error, requestId }, 'a stream could not be opened');
    return problem('INTERNAL', 'The failure was logged under this request id.', requestId);
  }
}

const NOT_FOUND = 'No auction with this id is open or recently closed; the history may have it.';

const unavailable = (reason: string): Problem =>
  problem('UNAVAILABLE', `Not possible right now: ${reason}.`, randomUUID(), {
    retryAfterMs: RETRY_AFTER_MS,
  });

function connectionProblem(refusal: ConnectionRefusal): Problem {
  if (refusal === 'this node is full') return unavailable(refusal);
  const detail = `The connection is refused: ${refusal}.`;
  return problem('RATE_LIMITED', detail, randomUUID(), { retryAfterMs: RECONNECT_TO_MS });
}

function writeHead(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    // Nothing follows a stream on its connection, and a stop need not wait for it.
    connection: 'close',
  });
  const retryMs = RECONNECT_FROM_MS + Math.random() * (RECONNECT_TO_MS - RECONNECT_FROM_MS);
  response.write(`retry: ${Math.round(retryMs)}\n\n`);
}

function refuse(response: ServerResponse, stated: Problem): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { retryAfterMs } = stated;
  if (retryAfterMs !== undefined) {
    response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000));
  }
  response.writeHead(stated.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(stated));
}
