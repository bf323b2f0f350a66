/**
 * Connections on which nothing is asked, or not asked to the end, cost memory too and are nobody's
 * yet. There are only so many: the one that was idle longest gives way to a new one.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const MAX_IDLE = 1_000;

/** @returns ends all that are idle: whoever stops the server would wait for them */
export function limitIdleConnections(server: Server, max = MAX_IDLE): () => void {
  const idle = new Set<Socket>();
  const add = (wire: Socket): void => {
    idle.add(wire);
    if (idle.size <= max) return;
    const [longest] = idle;
    longest?.destroy();
  };
  server.on('connection', (wire) => {
    wire.once('close', () => idle.delete(wire));
    add(wire);
  });
  server.prependListener('upgrade', ({ socket }) => idle.delete(socket));
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    idle.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) add(socket);
    });
  });
  return () => {
    for (const wire of idle) wire.destroySoon();
  };
}
