/** The Socket.IO side: connections, rooms, and what is sent to them. */
import { randomUUID } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { Ack, EventsMessage, Notice, ToViewer } from '@outcry/shared/contracts/live.ts';
import { problem } from '@outcry/shared/contracts/problems.ts';
import type { VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Allowance } from '../../rooms/allowance.ts';
import {
  authenticateViewer,
  ConnectionRefusedError,
  type Identity,
} from '../../rooms/authenticate-viewer.ts';
import { originAllowed } from './origin.ts';
import { Outbox } from '../../rooms/outbox.ts';
import { Presence } from '../../rooms/presence.ts';
import { closeSlowReaders } from './slow-readers.ts';
import { viewerAddress } from './viewer-address.ts';
import { Viewer, type Reply, type ViewerParts } from '../../rooms/viewer.ts';

/** Nothing is known of what a client sends; that the second argument is a function is checked. */
type Listener = (payload: unknown, ack?: (answer: Ack<unknown>) => void) => void;

/** What clients may send. */
interface FromAnyone {
  watch: Listener;
  unwatch: Listener;
  bid: Listener;
}

type Io = Server<FromAnyone, ToViewer, Record<string, never>, Identity>;
type ViewerConnection = Socket<FromAnyone, ToViewer, Record<string, never>, Identity>;

export interface SocketRoomsParts extends Omit<ViewerParts, 'flush'> {
  readonly verifyToken: VerifyToken;
  /** Origins of browsers that may connect; `*` allows all. */
  readonly origins: readonly string[];
  readonly maxViewers: number;
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Events of one auction went out to so many viewers. */
  sent(viewers: number): void;
  readonly log: Logger;
}

const MAX_MESSAGE_BYTES = 16 * 1024;
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
const CONNECT_LIMIT_MS = 10_000;
/** A reconnecting client watches its 100 auctions again at once. */
const BURST_OF_REQUESTS = 200;
const REQUESTS_PER_SECOND = 50;
const SLOW_READER_CHECK_MS = 1_000;

const auctionRoom = (auctionId: string): string => `auction:${auctionId}`;
const userRoom = (userId: string): string => `user:${userId}`;

export class SocketRooms {
  readonly #io: Io;
  readonly #parts: SocketRoomsParts;
  readonly #outbox: Outbox;
  readonly #presence: Presence;
  readonly #slowReaders: NodeJS.Timeout;
  #stopping = false;

  constructor(http: HttpServer, parts: SocketRoomsParts) {
    this.#parts = parts;
    this.#io = new Server(http, {
      transports: ['websocket'],
      serveClient: false,
      // Four times the throughput; the messages are small.
      perMessageDeflate: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      connectTimeout: CONNECT_LIMIT_MS,
      allowRequest: (request, decide) => {
        const refusal = this.#refusal(request.headers.origin);
        decide(refusal, refusal === undefined);
      },
    });
    this.#outbox = new Outbox((message) => this.#sendEvents(message));
    this.#presence = new Presence(
      (auctionId) => this.#sizeOf(auctionRoom(auctionId)),
      (message) => this.#io.local.to(auctionRoom(message.auctionId)).emit('presence', message),
    );
    this.#slowReaders = setInterval(
      () => closeSlowReaders(this.#io.sockets.sockets.values(), parts.log),
      SLOW_READER_CHECK_MS,
    );
    this.#io.use((socket, next) => void this.#admit(socket, next));
    this.#io.on('connection', (socket) => this.#welcome(socket));
  }

  get viewers(): number {
    return this.#io.engine.clientsCount;
  }

  /** Sends to all viewers of the auction, at the end of this turn of the event loop. */
  send(message: EventsMessage): void {
    this.#outbox.add(message);
  }

  /** Sends a notice to its user's connections, as long as their tokens are valid. */
  notify(notice: Notice): void {
    const { sockets, adapter } = this.#io.sockets;
    for (const id of adapter.rooms.get(userRoom(notice.userId)) ?? []) {
      const socket = sockets.get(id);
      if (socket === undefined || (socket.data.caller?.expiresAt ?? 0) <= Date.now()) continue;
      const { auctionId, price } = notice;
      if (notice.type === 'won') socket.emit('won', { auctionId, price });
      else socket.emit('outbid', { auctionId, price, minimumBid: notice.minimumBid });
    }
  }

  /** Ends all connections; clients come back, to another node if there is one. */
  async close(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#slowReaders);
    this.#presence.close();
    await this.#io.close();
  }

  #refusal(origin: string | undefined): string | undefined {
    if (this.#stopping) return 'this node is stopping';
    if (this.viewers >= this.#parts.maxViewers) return 'this node is full';
    return originAllowed(origin, this.#parts.origins) ? undefined : 'this origin is not allowed';
  }

  async #admit(socket: ViewerConnection, next: (error?: Error) => void): Promise<void> {
    try {
      socket.data = await authenticateViewer(socket.handshake.auth, this.#parts.verifyToken);
    } catch (error) {
      if (!(error instanceof ConnectionRefusedError)) {
        this.#parts.log.error({ err: error }, 'a token could not be checked');
      }
      next(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    next();
  }

  #welcome(socket: ViewerConnection): void {
    const { caller, token } = socket.data;
    if (caller !== undefined) void socket.join(userRoom(caller.userId));
    const viewer = new Viewer(
      {
        token,
        address: viewerAddress(
          socket.handshake.address,
          socket.handshake.headers['x-forwarded-for'],
          this.#parts.trustedProxies,
        ),
        join: (auctionId) => {
          void socket.join(auctionRoom(auctionId));
          this.#presence.changed(auctionId);
        },
        leave: (auctionId) => {
          void socket.leave(auctionRoom(auctionId));
          this.#presence.changed(auctionId);
        },
      },
      { ...this.#parts, flush: (auctionId) => this.#outbox.flush(auctionId) },
    );
    const allowance = new Allowance(BURST_OF_REQUESTS, REQUESTS_PER_SECOND, Date.now());
    const answer =
      <T>(act: (payload: unknown, reply: Reply<T>) => Promise<void> | void): Listener =>
      (payload, ack) => {
        const reply: Reply<T> = typeof ack === 'function' ? ack : ignore;
        void this.#answer(allowance, reply, () => act(payload, reply));
      };
    socket.on(
      'watch',
      answer((payload, reply) => viewer.watch(payload, reply)),
    );
    socket.on(
      'unwatch',
      answer((payload, reply) => viewer.unwatch(payload, reply)),
    );
    socket.on(
      'bid',
      answer((payload, reply) => viewer.bid(payload, reply)),
    );
    socket.on('disconnect', () => viewer.close());
  }

  /** Whatever a client sends, the worst that happens is a problem as its answer. */
  async #answer(
    allowance: Allowance,
    reply: Reply<never>,
    act: () => Promise<void> | void,
  ): Promise<void> {
    const requestId = randomUUID();
    const retryAfterMs = allowance.take(Date.now());
    if (retryAfterMs > 0) {
      const detail = 'This connection sends too much.';
      reply({ ok: false, problem: problem('RATE_LIMITED', detail, requestId, { retryAfterMs }) });
      return;
    }
    try {
      await act();
    } catch (error) {
      this.#parts.log.error({ err: error, requestId }, 'a message could not be answered');
      const detail = 'The failure was logged under this request id.';
      reply({ ok: false, problem: problem('INTERNAL', detail, requestId) });
    }
  }

  #sendEvents(message: EventsMessage): void {
    const room = auctionRoom(message.auctionId);
    const viewers = this.#sizeOf(room);
    if (viewers === 0) return;
    this.#io.local.to(room).emit('events', message);
    this.#parts.sent(viewers);
  }

  #sizeOf(room: string): number {
    return this.#io.sockets.adapter.rooms.get(room)?.size ?? 0;
  }
}

const ignore = (): void => undefined;
