/**
 * What is used of the insides of engine.io 6.6 and ws 8. The library itself writes frames that it
 * made once in this way, and only does not offer it for some sockets of a room.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'socket.io';

export type Connection = Socket['conn'];

export interface Insides {
  readonly webSocket: EventEmitter & {
    readonly readyState: number;
    readonly bufferedAmount: number;
    terminate(): void;
  };
  /** The TCP connection. */
  readonly wire: EventEmitter;
  /** Cuts what comes over the wire into frames. */
  readonly receiver: EventEmitter;
  /** Writes finished frames. */
  readonly sender: { sendFrame(frame: readonly Buffer[]): void };
}

interface QueuedPacket {
  readonly data?: string;
  readonly options?: { readonly wsPreEncodedFrame?: readonly Buffer[] };
}

/** @throws Error when the library's insides are not those that this was built for */
export function insidesOf(connection: Connection): Insides {
  const webSocket = member(connection.transport, 'socket');
  const sender = member(webSocket, '_sender');
  const wire = member(webSocket, '_socket');
  const receiver = member(webSocket, '_receiver');
  if (
    !isWebSocket(webSocket) ||
    !isSender(sender) ||
    !isEmitter(wire) ||
    !isEmitter(receiver) ||
    !Array.isArray(queueOf(connection))
  ) {
    throw new Error('this version of socket.io is not the one that this was built for');
  }
  return { webSocket, wire, receiver, sender };
}

/**
 * No message of a viewer comes in more pieces from now on; `ws` knows the limit, engine.io does not
 * hand it on.
 * @throws Error when the library's insides are not those that this was built for
 */
export function limitFragments(engine: object, pieces: number): void {
  const options = member(member(engine, 'ws'), 'options');
  if (typeof options !== 'object' || typeof member(options, 'maxFragments') !== 'number') {
    throw new Error('this version of socket.io is not the one that this was built for');
  }
  Object.assign(options ?? {}, { maxFragments: pieces });
}

/** The session that a request wants to go on with; undefined when it asks for a new one. */
export const sessionAskedFor = (request: object): unknown =>
  member(member(request, '_query'), 'sid');

/** Packets that wait until the WebSocket is ready for them; another array each time. */
export const queueOf = (connection: Connection): readonly QueuedPacket[] =>
  (connection as unknown as { readonly writeBuffer: readonly QueuedPacket[] }).writeBuffer;

/** Queues a finished frame behind the packets that wait. */
export function queueFrame(connection: Connection, wsPreEncodedFrame: readonly Buffer[]): void {
  const options: object = { wsPreEncodedFrame };
  connection.write('', options);
}

/**
 * Ends a connection at once, frees what waits on it, and reads nothing more of what came. The
 * library's own end waits half a minute for a good-bye from the other side, which may not read any
 * more, and answers meanwhile what it still finds in its hands.
 */
export function endConnection(connection: Connection): void {
  const { webSocket, receiver } = insidesOf(connection);
  for (const event of ['message', 'ping', 'pong', 'conclude']) receiver.removeAllListeners(event);
  connection.close(true);
  webSocket.terminate();
}

const isEmitter = (found: unknown): found is EventEmitter => found instanceof EventEmitter;

const isWebSocket = (found: unknown): found is Insides['webSocket'] =>
  isEmitter(found) &&
  typeof member(found, 'bufferedAmount') === 'number' &&
  typeof member(found, 'terminate') === 'function';

const isSender = (found: unknown): found is Insides['sender'] =>
  typeof member(found, 'sendFrame') === 'function';

/** The library keeps these to itself, so their types are not known here. */
const member = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
