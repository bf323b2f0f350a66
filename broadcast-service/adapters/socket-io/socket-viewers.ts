/** The Socket.IO server: admits connections, and addresses those of a user or of everybody. */
import { STATUS_CODES, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Server, type Socket } from 'socket.io';
import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser';
import { NODES_CHANNELS } from '@outcry/shared/contracts/keys.ts';
import type { ToViewer } from '@outcry/shared/contracts/live.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { clientAddress } from '@outcry/shared/runtime/client-address.ts';
import { originAllowed } from '@outcry/shared/runtime/origins.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { SignIn } from '@outcry/shared/runtime/sign-outs.ts';
import type { OtherNodes, PresenceOfNode } from '../../presence/share-presence.ts';
import { authenticateViewer, type Identity } from '../../rooms/authenticate-viewer.ts';
import { refused } from '../../rooms/requests.ts';
import { Viewer, type ViewerParts } from '../../rooms/viewer.ts';
import {
  webSocketOf,
  ViewerWebSockets,
  type Misuse,
  type ViewerWebSocket,
} from './viewer-web-socket.ts';

type Connection = Socket['conn'];

/** Who it was at first, before it is welcomed; the viewer knows who it is since. */
interface SocketData {
  identity?: Identity;
  viewer?: Viewer;
}

/** What clients may send is not known here: nothing of it is trusted. */
type FromAnyone = Record<string, never>;

/** What nodes tell each other. */
interface BetweenNodes {
  presence(message: PresenceOfNode): void;
}

type ViewerConnection = Socket<FromAnyone, ToViewer, BetweenNodes, SocketData>;

/** The HTTP status, and why, in words. */
type UpgradeRefusal = readonly [status: 400 | 403 | 429 | 503, reason: string];

export interface SocketViewersParts extends ViewerParts {
  /** Redis, for what crosses nodes, as `createShardedAdapter` takes it. */
  readonly adapterChannels: object;
  /** Origins of browsers that may connect; `*` allows all. */
  readonly origins: readonly string[];
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
  /** A connection was not taken. */
  refused(reason: string): void;
  /** A connection was ended. */
  misused(kind: Misuse): void;
}

const MAX_MESSAGE_BYTES = 16 * 1024;
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
const CONNECT_LIMIT_MS = 10_000;

const userRoom = (userId: string): string => `user:${userId}`;

export class SocketViewers {
  readonly nodes: OtherNodes;
  readonly #io: Server<FromAnyone, ToViewer, BetweenNodes, SocketData>;
  readonly #parts: SocketViewersParts;
  readonly #webSockets = new WeakMap<Connection, ViewerWebSocket>();
  #stopping = false;

  constructor(http: HttpServer, parts: SocketViewersParts) {
    this.#parts = parts;
    // A connection that breaks while it is asked for, at whatever path, must not end the service.
    http.on('upgrade', (_request, tcp: Duplex) => tcp.on('error', () => tcp.destroy()));
    this.#io = new Server(http, {
      transports: ['websocket'],
      serveClient: false,
      parser: { Encoder: AnswerEncoder, Decoder },
      wsEngine: ViewerWebSockets,
      adapter: createShardedAdapter(parts.adapterChannels, parts.adapterChannels, {
        channelPrefix: NODES_CHANNELS,
        // No channel for each room: every node hears all that is said to one.
        subscriptionMode: 'static',
      }),
      // Four times the throughput; the messages are small.
      perMessageDeflate: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      connectTimeout: CONNECT_LIMIT_MS,
    });
    // Before the library has done anything for the connection.
    this.#io.engine.use((request: IncomingMessage, _response: unknown, next: () => void) => {
      const refusal = this.#refusal(request);
      if (refusal === undefined) {
        next();
      } else {
        parts.refused(refusal[1]);
        refuse(request.socket, refusal);
      }
    });
    this.#io.engine.on('connection', (connection: Connection) => this.#begin(connection));
    this.#io.use((socket, next) => void this.#admit(socket, next));
    this.#io.on('connection', (socket) => this.#welcome(socket));
    this.nodes = {
      tell: (message) => this.#io.serverSideEmit('presence', message),
      hear: (listener) => this.#io.on('presence', listener),
    };
  }

  /** Tells a user's connections what concerns the user alone, as long as their tokens are valid. */
  tell<E extends keyof ToViewer>(
    userId: string,
    event: E,
    ...message: Parameters<ToViewer[E]>
  ): void {
    const { sockets, adapter } = this.#io.sockets;
    for (const id of adapter.rooms.get(userRoom(userId)) ?? []) {
      sockets.get(id)?.data.viewer?.tell(event, ...message);
    }
  }

  /** Ends the connections of users whose tokens count no more; a client that comes back is told why. */
  endSessions(refuses: (signIn: SignIn) => boolean): void {
    for (const socket of this.#io.sockets.sockets.values()) {
      const caller = socket.data.viewer?.caller;
      if (caller !== undefined && refuses(caller)) socket.disconnect();
    }
  }

  /** Tells everybody who is connected to any node. */
  announce(text: string): void {
    this.#io.emit('announcement', { text });
  }

  /** Ends all connections; clients come back, to another node if there is one. */
  async close(): Promise<void> {
    this.#stopping = true;
    await this.#io.close();
  }

  /** Why a connection is refused; where it is not, it counts from now on. */
  #refusal(request: IncomingMessage): UpgradeRefusal | undefined {
    if (this.#stopping) return [503, 'this node is stopping'];
    if (request.headers.upgrade === undefined) return [400, 'only WebSocket is spoken here'];
    // Nobody changes from one transport to another here; the library would let it past all limits.
    if (asksForSession(request)) return [400, 'a session has one connection'];
    if (!originAllowed(request.headers.origin, this.#parts.origins)) {
      return [403, 'this origin is not allowed'];
    }
    const counted = this.#parts.connections.add(this.#addressOf(request), monotonicNow());
    if (typeof counted === 'string') return [counted === 'this node is full' ? 503 : 429, counted];
    request.socket.once('close', counted);
    return undefined;
  }

  #addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.#parts.trustedProxies);
  }

  #begin(connection: Connection): void {
    const { request } = connection;
    const address = this.#addressOf(request);
    const webSocket = webSocketOf(request);
    this.#webSockets.set(connection, webSocket);
    webSocket.address = address;
    webSocket.onMisuse = (misuse) => {
      this.#parts.log.info({ address, misuse }, 'a connection is ended');
      this.#parts.misused(misuse);
      this.#parts.connections.misused(address, monotonicNow());
    };
    // The library keeps it for us as long as the connection lasts: some kB each.
    Object.assign(connection, { request: null });
  }

  async #admit(socket: ViewerConnection, next: (error?: Error) => void): Promise<void> {
    const { auth } = socket.handshake;
    const answer = await authenticateViewer(auth, this.#parts.verifyToken).catch(
      (error: unknown) => {
        this.#parts.log.error({ err: error }, 'a token could not be checked');
        return refused('INTERNAL', 'The token could not be checked.');
      },
    );
    if (answer.ok) {
      socket.data.identity = answer.data;
      next();
    } else {
      const { problem } = answer;
      // Socket.IO hands the client the error's `data`.
      next(Object.assign(new Error(problem.detail), { data: problem }));
    }
  }

  #welcome(socket: ViewerConnection): void {
    const webSocket = this.#webSockets.get(socket.conn);
    const { identity } = socket.data;
    if (webSocket === undefined || identity === undefined) throw new Error('it was not admitted');
    const { caller } = identity;
    if (caller !== undefined) void socket.join(userRoom(caller.userId));
    const of = { address: webSocket.address, person: personOf(socket) };
    const viewer = new Viewer(identity, of, webSocket, this.#parts);
    socket.data.viewer = viewer;
    // Handled here and not passed on: the library would defer it to another tick.
    socket.use(([event, ...sent]: readonly unknown[]) => {
      const last = sent.at(-1);
      const ack = isAck(last) ? last : undefined;
      const payloads = ack === undefined ? sent : sent.slice(0, -1);
      // Payloads that are none or many are no request of any kind.
      const payload = payloads.length > 1 ? payloads : payloads[0];
      void viewer.handle(event, payload, (answer) => {
        ack?.((id) => webSocket.answer(id, answer));
      });
    });
    socket.on('disconnect', () => viewer.close());
    // Nobody asks for it again, and the library would keep it.
    Object.assign(socket, { handshake: undefined });
  }
}

/** Writes an answer, given the number of the request. */
type WriteAnswer = (id: number) => void;

/** The library's encoder, except that answers are written here, in order with everything else. */
class AnswerEncoder extends Encoder {
  override encode(packet: Packet): ReturnType<Encoder['encode']> {
    const write: unknown = Array.isArray(packet.data) ? packet.data[0] : undefined;
    if (packet.type !== PacketType.ACK || !isWriter(write)) return super.encode(packet);
    if (packet.id !== undefined) write(packet.id);
    return [];
  }
}

/** No function comes from a viewer, but the library puts one where an answer is asked for. */
const isAck = (sent: unknown): sent is (write: WriteAnswer) => void => typeof sent === 'function';
const isWriter = (answer: unknown): answer is WriteAnswer => typeof answer === 'function';

/** Answers a request for a connection and hangs up, without waiting for the other side. */
function refuse(tcp: Duplex, [status, reason]: UpgradeRefusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: text/plain',
    `content-length: ${Buffer.byteLength(reason)}`,
  ];
  tcp.end(`${head.join('\r\n')}\r\n\r\n${reason}`, () => tcp.destroy());
}

/** Whether the request wants to go on with a session that there is. */
const asksForSession = ({ url = '' }: IncomingMessage): boolean =>
  new URLSearchParams(url.slice(url.indexOf('?') + 1)).has('sid');

/**
 * Whom a connection counts as: its user, or the browser that its tabs name alike, or nobody else. What
 * a visitor's page says of itself is believed: it can only make fewer of many, and opening more
 * connections always made more of one.
 */
function personOf({ id, data, handshake }: ViewerConnection): string {
  const caller = data.identity?.caller;
  if (caller !== undefined) return `user ${caller.userId}`;
  const { viewer } = handshake.auth;
  return typeof viewer === 'string' && ID_PATTERN.test(viewer) ? `browser ${viewer}` : id;
}
