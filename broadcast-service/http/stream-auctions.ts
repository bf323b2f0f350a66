/**
 * Answers `GET /v1/auctions/{id}/stream`. A stream is written to the response itself, because a room
 * must know how much of what it sent a viewer has not taken.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { answerProblem, type Exchange, type HttpAnswer } from '@outcry/shared/http/exchange.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { originAllowed } from '@outcry/shared/runtime/origins.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { stateOf } from '../feed/auction-feed.ts';
import { messageJson, nameOf } from '../feed/live-message.ts';
import type { Packet, Recipient } from '../rooms/auction-room.ts';
import { RETRY_AFTER_MS } from '../rooms/requests.ts';
import { Watches, type Watched, type WatchesParts } from '../rooms/watches.ts';

export interface StreamAuctionsParts extends WatchesParts {
  readonly origins: readonly string[];
  readonly trustedProxies: number;
}

const HEARTBEAT_EVERY_MS = 15_000;
/** Who does not take the end of its stream for so long is cut off. */
const END_LIMIT_MS = 1_000;
/** Viewers that lose a node come back spread over this time. */
const RECONNECT_FROM_MS = 1_000;
const RECONNECT_TO_MS = 4_000;

export class StreamAuctions {
  readonly #parts: StreamAuctionsParts;
  readonly #open = new Set<ServerResponse>();
  readonly #heartbeat: NodeJS.Timeout;
  #stopping = false;

  constructor(parts: StreamAuctionsParts) {
    this.#parts = parts;
    this.#heartbeat = setInterval(() => {
      for (const response of this.#open) {
        if (response.writableLength === 0) response.write(HEARTBEAT);
      }
    }, HEARTBEAT_EVERY_MS);
  }

  /** Ends all streams; viewers come back, to another node if there is one. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#heartbeat);
    const responses = Array.from(this.#open);
    const closed = responses.map((response) => once(response, 'close'));
    for (const response of responses) response.end();
    await Promise.race([Promise.all(closed), pause(END_LIMIT_MS)]);
    for (const response of responses) response.destroy();
  }

  /** @returns `taken` when the stream has begun, or why it is refused */
  async answer(x: Exchange, auctionId: string): Promise<HttpAnswer | 'taken'> {
    const { incoming, outgoing } = x;
    const { connections, origins, trustedProxies } = this.#parts;
    if (!originAllowed(incoming.headers.origin, origins)) {
      return answerProblem(x, 'FORBIDDEN', 'Pages of this origin may not read streams.');
    }
    if (this.#stopping || outgoing.destroyed) return unavailable(x, STOPPING);
    const text = incoming.headers['last-event-id'];
    const after = typeof text === 'string' ? positionOf(text) : undefined;
    if (text !== undefined && after === undefined) {
      const detail = 'Last-Event-ID must be an id of this stream: <epoch>:<seq>.';
      return answerProblem(x, 'INVALID_REQUEST', detail);
    }
    const address = clientAddress(incoming, trustedProxies);
    const counted = connections.add(address, monotonicNow());
    if (counted === 'this node is full') return unavailable(x, counted);
    if (typeof counted === 'string') {
      const extras = { retryAfterMs: RECONNECT_TO_MS };
      return answerProblem(x, 'RATE_LIMITED', `The connection is refused: ${counted}.`, extras);
    }
    outgoing.on('error', () => outgoing.destroy());
    const recipient = new StreamRecipient(outgoing);
    const of = { address, person: `stream ${randomUUID()}` };
    const watches = new Watches(of, recipient, this.#parts);
    outgoing.once('close', () => {
      watches.close();
      counted();
    });
    const answer = await watches.watch({ auctionId, ...(after === undefined ? {} : { after }) });
    if (!answer.ok) {
      const { code, detail, retryAfterMs } = answer.problem;
      return answerProblem(x, code, detail, retryAfterMs === undefined ? {} : { retryAfterMs });
    }
    if (this.#stopping) return unavailable(x, STOPPING);
    this.#open.add(outgoing);
    outgoing.once('close', () => this.#open.delete(outgoing));
    outgoing.writeHead(200, [...x.headers, ...STREAM_HEADERS]);
    const retryMs = RECONNECT_FROM_MS + Math.random() * (RECONNECT_TO_MS - RECONNECT_FROM_MS);
    outgoing.write(`retry: ${Math.round(retryMs)}\n\n`);
    recipient.push(presentState(answer.data));
    return 'taken';
  }
}

/** Where the auction stands, with what came after the viewer's position. */
function presentState({ auction, events }: Watched): Packet {
  const { id: auctionId, epoch, seq, serverTime } = auction;
  const state = stateOf(auction);
  const json = messageJson({ auctionId, epoch, seq, events, state, serverTime });
  return { event: 'events', json, at: { epoch, seq } };
}

/** `<epoch>:<seq>` as a position; undefined for anything else. */
function positionOf(lastEventId: string): Position | undefined {
  const [, epoch, seq] = /^([1-9]\d{0,14}):(0|[1-9]\d{0,14})$/.exec(lastEventId) ?? [];
  return epoch === undefined ? undefined : { epoch: Number(epoch), seq: Number(seq) };
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

const unavailable = (x: Exchange, reason: string): HttpAnswer =>
  answerProblem(x, 'UNAVAILABLE', `Not possible right now: ${reason}.`, {
    retryAfterMs: RETRY_AFTER_MS,
  });

/** A comment: keeps proxies from ending a connection on which nothing happens. */
const HEARTBEAT = Buffer.from(':\n\n');

/** Sends packets as Server-Sent Events on one HTTP response. */
class StreamRecipient implements Recipient {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  /** Only events; how many watch is told over Socket.IO. */
  push(packet: Packet): void {
    const { event, json, at } = packet;
    if (at === undefined) return;
    packet.chunk ??= Buffer.from(`event: ${event}\nid: ${nameOf(at)}\ndata: ${json}\n\n`);
    this.#response.write(packet.chunk);
  }

  drop(): void {
    this.#response.destroy();
  }
}
