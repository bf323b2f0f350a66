import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** The HTTP status, and why, in words. */
export type UpgradeRefusal = readonly [status: 400 | 403 | 429 | 503, reason: string];

/** Answers a request for a connection and hangs up, without waiting for the other side. */
export function refuseUpgrade(wire: Socket, [status, reason]: UpgradeRefusal): void {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: text/plain',
    `content-length: ${Buffer.byteLength(reason)}`,
  ];
  wire.end(`${head.join('\r\n')}\r\n\r\n${reason}`, () => wire.destroy());
}
