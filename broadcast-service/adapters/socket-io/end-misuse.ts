/**
 * Ends connections that do what no viewer does: send far too much, or what is not of the protocol.
 * What comes is counted before anybody reads it.
 */
import type { Server } from 'socket.io';
import { Allowance } from '../../rooms/allowance.ts';
import { insidesOf, limitFragments, type Connection } from './insides.ts';

/**
 * More packets than are answered: below this, a viewer that asks too much is told so. A burst is
 * read in one go, for which all others wait.
 */
const BURST_OF_PACKETS = 300;
const PACKETS_PER_SECOND = 100;
/** Each ping is answered with a write of its own; clients need few or none. */
const PACKETS_FOR_A_PING = 10;
/** A reconnecting client watches its 100 auctions again with 15 kB. */
const BURST_OF_BYTES = 64 * 1024;
const BYTES_PER_SECOND = 16 * 1024;
/** Messages of viewers fit into one; of a long one, a proxy might make a few. */
const MAX_FRAGMENTS = 16;

export type Misuse =
  | 'too many requests'
  | 'too many packets'
  | 'too many bytes'
  | 'binary data'
  | 'not the protocol';

/** @param endIt ends a connection for this reason, at once; called once for each */
export function endMisuse(
  io: Server,
  endIt: (connection: Connection, misuse: Misuse) => void,
): void {
  limitFragments(io.engine, MAX_FRAGMENTS);
  io.engine.on('connection', (connection: Connection) => {
    const { webSocket, wire } = insidesOf(connection);
    const began = performance.now();
    const packets = new Allowance(BURST_OF_PACKETS, PACKETS_PER_SECOND, began);
    const bytes = new Allowance(BURST_OF_BYTES, BYTES_PER_SECOND, began);
    let ended = false;
    const end = (misuse: Misuse): void => {
      if (ended) return;
      ended = true;
      endIt(connection, misuse);
    };
    const count = (permits: number): void => {
      if (packets.take(performance.now(), permits) > 0) end('too many packets');
    };
    webSocket.prependListener('message', (_data: Buffer, isBinary: boolean) => {
      if (isBinary) end('binary data');
      else count(1);
    });
    webSocket.on('ping', () => count(PACKETS_FOR_A_PING));
    webSocket.on('pong', () => count(1));
    // Counts what makes no packet, too: fragments of one that never ends.
    wire.prependListener('data', (chunk: Buffer) => {
      if (bytes.take(performance.now(), chunk.length) > 0) end('too many bytes');
    });
    // The library takes its time for a good-bye; the rest of 2 MB would be read meanwhile.
    webSocket.on('error', () => end('not the protocol'));
    webSocket.on('message', () => {
      if (connection.readyState !== 'open') end('not the protocol');
    });
  });
}
