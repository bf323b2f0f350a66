/** The Socket.IO side: who may connect, what may be sent, and how it is answered. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Decoder } from 'socket.io-parser';
import type { Ack, Notice, Position, ToViewer } from '@outcry/shared/contracts/live.ts';
import { problem, type Problem } from '@outcry/shared/contracts/problems.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import type { VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import {
  authenticateViewer,
  ConnectionRefusedError,
  type Identity,
} from '../../rooms/authenticate-viewer.ts';
import type { Connections } from '../../rooms/connections.ts';
import { originAllowed } from '../../rooms/origin.ts';
import type { Recipient } from '../../rooms/recipient.ts';
import { RequestAllowance, type AskedTooMuch } from '../../rooms/request-allowance.ts';
import { Viewer, type Reply, type ViewerParts, type Watched } from '../../rooms/viewer.ts';
import { AnswerEncoder, ReadyAnswer } from './answer-encoder.ts';
import { endMisuse, type Misuse } from './end-misuse.ts';
import { refuseUpgrade, type UpgradeRefusal } from './refuse-upgrade.ts';
import { endConnection, sessionAskedFor, type Connection } from './insides.ts';
import { SocketRecipient } from './socket-recipient.ts';

/** Nothing is known of what a client sends; for one that wants an answer a function comes last. */
type Listener = (...sent: readonly unknown[]) => void;
type Answer = (answer: Ack<unknown> | ReadyAnswer) => void;

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
  /** A connection was not taken. */
  refused(reason: string): void;
  /** A connection was ended. */
  misused(kind: Misuse): void;
  join(auctionId: string, recipient: Recipient, at: Position, viewer: string | undefined): void;
  leave(auctionId: string, recipient: Recipient): void;
  readonly log: Logger;
}

const MAX_MESSAGE_BYTES = 16 * 1024;
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
const CONNECT_LIMIT_MS = 10_000;
/** Whoever has more answers and notices waiting is disconnected; twice the largest answer. */
const MAX_WAITING_BYTES = 2_000_000;
const MAX_WAITING_PACKETS = 5_000;

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
    });
    // Before the library has done anything for the connection.
    this.#io.engine.use((request: IncomingMessage, _response: unknown, next: () => void) => {
      const refusal = this.#refusal(request) ?? this.#count(request);
      if (refusal === undefined) {
        next();
        return;
      }
      parts.refused(refusal[1]);
      refuseUpgrade(request.socket, refusal);
    });
    endMisuse(this.#io, (connection, misuse) => this.#blame(connection, misuse));
    this.#io.use((socket, next) => void this.#admit(socket, next));
    this.#io.on('connection', (socket) => this.#welcome(socket));
  }

  /** Sends a notice to its user's connections, as long as their tokens are valid. */
  notify(notice: Notice): void {
    const { sockets, adapter } = this.#io.sockets;
    for (const id of adapter.rooms.get(userRoom(notice.userId)) ?? []) {
      const socket = sockets.get(id);
      if (socket === undefined || (socket.data.caller?.expiresAt ?? 0) <= wallClockNow()) continue;
      if (this.#endIfFull(socket, new SocketRecipient(socket.conn))) continue;
      emitNotice(socket, notice);
    }
  }

  /** Ends all connections; clients come back, to another node if there is one. */
  async close(): Promise<void> {
    this.#stopping = true;
    await this.#io.close();
  }

  /** Why it is refused, whoever asks. */
  #refusal(request: IncomingMessage): UpgradeRefusal | undefined {
    if (this.#stopping) return [503, 'this node is stopping'];
    const wrong = this.#wrongIn(request);
    if (wrong !== undefined) {
      this.#parts.connections.refused(this.#addressOf(request), performance.now());
    }
    return wrong;
  }

  #wrongIn(request: IncomingMessage): UpgradeRefusal | undefined {
    if (request.headers.upgrade === undefined) return [400, 'only WebSocket is spoken here'];
    // Nobody changes from one transport to another here; the library would let it past all limits.
    if (sessionAskedFor(request) !== undefined) return [400, 'a session has one connection'];
    if (!originAllowed(request.headers.origin, this.#parts.origins)) {
      return [403, 'this origin is not allowed'];
    }
    return undefined;
  }

  /** Counts the connection, unless it is one too many. */
  #count(request: IncomingMessage): UpgradeRefusal | undefined {
    const counted = this.#parts.connections.add(this.#addressOf(request), performance.now());
    if (counted === 'this node is full') return [503, counted];
    if (typeof counted === 'string') return [429, counted];
    request.socket.once('close', counted);
    return undefined;
  }

  #blame(connection: Connection, misuse: Misuse): void {
    const address = this.#addressOf(connection.request);
    this.#parts.log.info({ address, misuse }, 'a connection is ended');
    this.#parts.misused(misuse);
    this.#parts.connections.blame(address, performance.now());
    endConnection(connection);
  }

  #addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.#parts.trustedProxies);
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
    const person = personOf(socket);
    const { connections } = this.#parts;
    const address = this.#addressOf(socket.request);
    const asks = new RequestAllowance(
      (now) => connections.request(address, now),
      performance.now(),
    );
    const toldToWait = (): void => {
      if (asks.isToldTooOften(performance.now())) this.#blame(socket.conn, 'too many requests');
    };
    const viewer = new Viewer(
      {
        token,
        address,
        mayRecover: (events) => connections.mayRecover(address, events, performance.now()),
        get waitingBytes() {
          return recipient.waitingBytes;
        },
        toldToWait,
        join: (auctionId, at, counted) =>
          this.#parts.join(auctionId, recipient, at, counted ? person : undefined),
        leave: (auctionId) => this.#parts.leave(auctionId, recipient),
      },
      this.#parts,
    );
    const answer =
      <T>(
        act: (payload: unknown, reply: Reply<T>) => Promise<void> | void,
        ready: (answer: Ack<T>) => Ack<T> | ReadyAnswer = (found) => found,
      ): Listener =>
      (...sent) => {
        const { payload, ack = ignore } = readSent(sent);
        if (this.#endIfFull(socket, recipient)) return;
        const reply: Reply<T> = (found) => ack(ready(found));
        const tooMuch = asks.take(performance.now());
        if (tooMuch === undefined) {
          void this.#answer(reply, () => act(payload, reply));
          return;
        }
        reply({ ok: false, problem: waitProblem(tooMuch) });
        if (tooMuch.by === 'this connection') toldToWait();
      };
    socket.on(
      'watch',
      answer<Watched>(
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

  /** What is not in a room's hands has a bound, too. @returns whether the connection was ended */
  #endIfFull(socket: ViewerConnection, recipient: SocketRecipient): boolean {
    const { waitingPackets } = recipient;
    if (waitingPackets <= MAX_WAITING_PACKETS && recipient.waitingBytes <= MAX_WAITING_BYTES) {
      return false;
    }
    this.#parts.log.info({ socket: socket.id, waitingPackets }, 'a viewer does not read');
    recipient.drop();
    return true;
  }

  /** Whatever a client sends, the worst that happens is a problem as its answer. */
  async #answer(reply: Reply<never>, act: () => Promise<void> | void): Promise<void> {
    try {
      await act();
    } catch (error) {
      const requestId = randomUUID();
      this.#parts.log.error({ err: error, requestId }, 'a message could not be answered');
      const detail = 'The failure was logged under this request id.';
      reply({ ok: false, problem: problem('INTERNAL', detail, requestId) });
    }
  }
}

/** A user's own sockets are told what happened, and not by which name the system knows the user. */
function emitNotice(socket: ViewerConnection, notice: Notice): void {
  const { auctionId } = notice;
  switch (notice.type) {
    case 'own':
      socket.emit('own', { auctionId });
      break;
    case 'won':
      socket.emit('won', { auctionId, price: notice.price });
      break;
    case 'outbid': {
      const { price, minimumBid } = notice;
      socket.emit('outbid', { auctionId, price, minimumBid });
    }
  }
}

function waitProblem({ by, retryAfterMs }: AskedTooMuch): Problem {
  const who = by === 'this connection' ? 'This connection asks' : 'All of its address together ask';
  return problem('RATE_LIMITED', `${who} too much.`, randomUUID(), { retryAfterMs });
}

/**
 * Whom a connection counts as: its user, or the browser that its tabs name alike, or nobody else. What
 * a visitor's page says of itself is believed: it can only make fewer of many, and opening more
 * connections always made more of one.
 */
function personOf({ id, data, handshake }: ViewerConnection): string {
  if (data.caller !== undefined) return `user ${data.caller.userId}`;
  const { viewer } = handshake.auth;
  return typeof viewer === 'string' && ID_PATTERN.test(viewer) ? `browser ${viewer}` : id;
}

/** `emit(event, payload, answer?)`; payloads that are none or many are no request of any kind. */
function readSent(sent: readonly unknown[]): { payload: unknown; ack?: Answer } {
  const last = sent.at(-1);
  const payloads = typeof last === 'function' ? sent.slice(0, -1) : sent;
  const payload = payloads.length > 1 ? payloads : payloads[0];
  return typeof last === 'function' ? { payload, ack: last as Answer } : { payload };
}

const ignore = (): void => undefined;
