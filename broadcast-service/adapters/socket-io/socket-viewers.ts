/** The Socket.IO side: who may connect, what may be sent, and how it is answered. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Decoder } from 'socket.io-parser';
import type { Ack, Notice, Position, ToViewer, WatchData } from '@outcry/shared/contracts/live.ts';
import { problem } from '@outcry/shared/contracts/problems.ts';
import type { VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Allowance } from '../../rooms/allowance.ts';
import {
  authenticateViewer,
  ConnectionRefusedError,
  type Identity,
} from '../../rooms/authenticate-viewer.ts';
import type { Connections } from '../../rooms/connections.ts';
import { originAllowed } from '../../rooms/origin.ts';
import type { Recipient } from '../../rooms/recipient.ts';
import { viewerAddress } from '../../rooms/viewer-address.ts';
import { Viewer, type Reply, type ViewerParts } from '../../rooms/viewer.ts';
import { AnswerEncoder, ReadyAnswer } from './answer-encoder.ts';
import { endFloods } from './end-floods.ts';
import { SocketRecipient } from './socket-recipient.ts';

/** Nothing is known of what a client sends; that the second argument is a function is checked. */
type Listener = (payload: unknown, ack?: (answer: Ack<unknown> | ReadyAnswer) => void) => void;

/** What clients may send. */
interface FromAnyone {
  watch: Listener;
  unwatch: Listener;
  bid: Listener;
}

type Io = Server<FromAnyone, ToViewer, Record<string, never>, Identity>;
type ViewerConnection = Socket<FromAnyone, ToViewer, Record<string, never>, Identity>;

export interface SocketViewersParts extends ViewerParts {
  readonly verifyToken: VerifyToken;
  /** Origins of browsers that may connect; `*` allows all. */
  readonly origins: readonly string[];
  readonly connections: Connections;
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
  join(auctionId: string, recipient: Recipient, at: Position): void;
  leave(auctionId: string, recipient: Recipient): void;
  readonly log: Logger;
}

const MAX_MESSAGE_BYTES = 16 * 1024;
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
const CONNECT_LIMIT_MS = 10_000;
/** A reconnecting client watches its 100 auctions again at once. */
const BURST_OF_REQUESTS = 200;
const REQUESTS_PER_SECOND = 50;
/** Whoever asks on while so much waits to be read is disconnected; twice the largest answer. */
const MAX_WAITING_BYTES = 2_000_000;

const userRoom = (userId: string): string => `user:${userId}`;

export class SocketViewers {
  readonly #io: Io;
  readonly #parts: SocketViewersParts;
  #stopping = false;

  constructor(http: HttpServer, parts: SocketViewersParts) {
    this.#parts = parts;
    // A connection that breaks while it is asked for, at whatever path, must not end the service.
    http.on('upgrade', (_request, socket) => socket.on('error', () => socket.destroy()));
    this.#io = new Server(http, {
      transports: ['websocket'],
      serveClient: false,
      parser: { Encoder: AnswerEncoder, Decoder },
      // Four times the throughput; the messages are small.
      perMessageDeflate: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      connectTimeout: CONNECT_LIMIT_MS,
      allowRequest: (request, decide) => {
        const refusal = this.#refusal(request);
        decide(refusal, refusal === undefined);
      },
    });
    endFloods(this.#io, parts.log);
    this.#io.use((socket, next) => void this.#admit(socket, next));
    this.#io.on('connection', (socket) => this.#welcome(socket));
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
    await this.#io.close();
  }

  #refusal(request: IncomingMessage): string | undefined {
    if (this.#stopping) return 'this node is stopping';
    if (!originAllowed(request.headers.origin, this.#parts.origins)) {
      return 'this origin is not allowed';
    }
    const address = this.#addressOf(request);
    const refusal = this.#parts.connections.refusal(address);
    if (refusal === undefined) {
      request.socket.once('close', this.#parts.connections.add(address));
    }
    return refusal;
  }

  #addressOf({ socket, headers }: IncomingMessage): string {
    const direct = socket.remoteAddress ?? '';
    return viewerAddress(direct, headers['x-forwarded-for'], this.#parts.trustedProxies);
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
    const recipient = new SocketRecipient(socket.conn);
    const viewer = new Viewer(
      {
        token,
        address: this.#addressOf(socket.request),
        get waitingBytes() {
          return recipient.waitingBytes;
        },
        join: (auctionId, at) => this.#parts.join(auctionId, recipient, at),
        leave: (auctionId) => this.#parts.leave(auctionId, recipient),
      },
      this.#parts,
    );
    const allowance = new Allowance(BURST_OF_REQUESTS, REQUESTS_PER_SECOND, Date.now());
    const answer =
      <T>(
        act: (payload: unknown, reply: Reply<T>) => Promise<void> | void,
        ready: (answer: Ack<T>) => Ack<T> | ReadyAnswer = (found) => found,
      ): Listener =>
      (payload, ack) => {
        const waiting = recipient.waitingBytes;
        if (waiting > MAX_WAITING_BYTES) {
          this.#parts.log.info({ socket: socket.id, waiting }, 'a viewer asks and does not read');
          recipient.drop();
          return;
        }
        const reply: Reply<T> = typeof ack === 'function' ? (found) => ack(ready(found)) : ignore;
        void this.#answer(allowance, reply, () => act(payload, reply));
      };
    socket.on(
      'watch',
      answer<WatchData>(
        (payload, reply) => viewer.watch(payload, reply),
        (found) =>
          found.ok ? new ReadyAnswer((id) => recipient.answerWatch(id, found.data)) : found,
      ),
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
}

const ignore = (): void => undefined;
