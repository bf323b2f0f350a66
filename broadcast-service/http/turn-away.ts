/** Ends connections that are not worth an answer before anything is read of them. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * To be called when all others listen to the server's connections: they hear nothing of those that
 * are ended, and HTTP makes no parser for them.
 */
export function turnAway(server: Server, isTurnedAway: (address: string) => boolean): void {
  const takers = server.rawListeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (wire: Socket) => {
    if (isTurnedAway(wire.remoteAddress ?? '')) wire.destroy();
    else for (const take of takers) Reflect.apply(take, server, [wire]);
  });
}
