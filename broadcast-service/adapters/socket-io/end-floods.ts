/** Ends connections that send far more than any viewer has reason to, whatever it is. */
import type { Server } from 'socket.io';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Allowance } from '../../rooms/allowance.ts';
import { endConnection, insidesOf, type Connection } from './insides.ts';

/**
 * More than what is answered: below it, a viewer that asks too much is told so. A burst is read in
 * one go, for which all others wait.
 */
const BURST_OF_PACKETS = 500;
const PACKETS_PER_SECOND = 125;

/** Counts every packet, also those that no listener hears, and the pings of the WebSocket. */
export function endFloods(io: Server, log: Logger): void {
  io.engine.on('connection', (connection: Connection) => {
    const allowance = new Allowance(BURST_OF_PACKETS, PACKETS_PER_SECOND, Date.now());
    const count = (): void => {
      if (allowance.take(Date.now()) === 0) return;
      log.info({ address: connection.remoteAddress }, 'a flooding connection is ended');
      endConnection(connection);
    };
    connection.on('packet', count);
    insidesOf(connection).webSocket.on('ping', count);
  });
}
