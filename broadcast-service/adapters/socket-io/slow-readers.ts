/** Viewers that do not read as fast as the auction goes must not fill this node's memory. */
import type { Logger } from '@outcry/shared/runtime/logger.ts';

/** Messages that wait for one viewer. A second of a very fast auction. */
const MAX_WAITING = 500;

interface Connection {
  readonly id: string;
  readonly conn: { close(discard?: boolean): void };
}

/** Ends connections that are too far behind. They come back and continue from the log. */
export function closeSlowReaders(sockets: Iterable<Connection>, log: Logger): void {
  for (const socket of sockets) {
    const waiting = waitingFor(socket);
    if (waiting <= MAX_WAITING) continue;
    log.info({ socket: socket.id, waiting }, 'a viewer reads too slowly and is disconnected');
    socket.conn.close(true);
  }
}

/** The library's queue for a connection whose network takes no more. */
function waitingFor(socket: Connection): number {
  const queue: unknown = Reflect.get(socket.conn, 'writeBuffer');
  return Array.isArray(queue) ? queue.length : 0;
}
