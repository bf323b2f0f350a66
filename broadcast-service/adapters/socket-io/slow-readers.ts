/** Viewers that do not read as fast as the auction goes must not fill this node's memory. */
import type { Logger } from '@outcry/shared/runtime/logger.ts';

/** Twice the largest answer. */
const MAX_WAITING_BYTES = 2_000_000;

interface Connection {
  readonly id: string;
  readonly conn: { readonly transport: object; close(discard?: boolean): void };
}

/** Ends connections that are too far behind. They come back and continue from the log. */
export function closeSlowReaders(sockets: Iterable<Connection>, log: Logger): void {
  for (const socket of sockets) {
    const waiting = waitingBytes(socket);
    if (waiting <= MAX_WAITING_BYTES) continue;
    log.info({ socket: socket.id, waiting }, 'a viewer reads too slowly and is disconnected');
    socket.conn.close(true);
  }
}

/** What the network has not taken yet: handed to the WebSocket, and queued before it. */
function waitingBytes({ conn }: Connection): number {
  const handedOver = member(member(conn.transport, 'socket'), 'bufferedAmount');
  let waiting = typeof handedOver === 'number' ? handedOver : 0;
  const queue = member(conn, 'writeBuffer');
  if (!Array.isArray(queue)) return waiting;
  for (const packet of queue) {
    const data = member(packet, 'data');
    if (typeof data === 'string') waiting += data.length;
  }
  return waiting;
}

/** The library keeps these to itself, so their types are not known here. */
const member = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
