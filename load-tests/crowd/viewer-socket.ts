/**
 * One of thousands of viewers in one process: a bare TCP connection that speaks just enough of
 * WebSocket, Engine.IO and Socket.IO to watch an auction and to see which seq came. Reading costs
 * as little as it can, because the crowd shares the machine with what is measured.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface ViewerOptions {
  readonly port: number;
  readonly auctionId: string;
  /** A message with events came, `42["events",…]`; its memory is read into again. */
  readonly onEvents: (frame: Buffer) => unknown;
  /** It watches. @param answer the acknowledgement's arguments, as JSON */
  readonly onWatching?: (answer: string) => void;
}

const EVENTS = Buffer.from('42["events"');
const SEQ = Buffer.from('"seq":');
const ANSWER = Buffer.from('43');
const NOTHING = Buffer.alloc(0);
const READ_INTO = Buffer.allocUnsafeSlow(256 * 1024);
const CONNECT_LIMIT_MS = 30_000;

/** @returns the connection once it watches @throws Error when it is refused or takes too long */
export function joinCrowd(options: ViewerOptions): Promise<Socket> {
  const { port, auctionId, onEvents, onWatching } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      // All connections read into one buffer, one after the other: nothing is allocated to read.
      onread: { buffer: READ_INTO, callback: (length, buffer) => take(buffer, length) },
    });
    const limit = setTimeout(() => socket.destroy(new Error('no answer')), CONNECT_LIMIT_MS);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once('connect', () => socket.write(upgradeRequest(port)));
    const onFrame = (frame: Buffer): void => {
      if (frame.subarray(0, EVENTS.length).equals(EVENTS)) {
        onEvents(frame);
      } else if (frame[0] === 0x32) {
        socket.write(masked('3'));
      } else if (frame[0] === 0x30) {
        socket.write(masked('40'));
      } else if (frame[0] === 0x34 && frame[1] === 0x30) {
        socket.write(masked(`421["watch",{"auctionId":"${auctionId}"}]`));
      } else if (frame.subarray(0, 2).equals(ANSWER)) {
        clearTimeout(limit);
        if (frame.includes('"ok":true')) {
          onWatching?.(frame.toString('utf8', frame.indexOf('[')));
          resolve(socket);
        } else reject(new Error(`not watching: ${frame.toString()}`));
      }
    };
    const read = frameReader(onFrame);
    const take = (buffer: Uint8Array, length: number): true => {
      read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    };
  });
}

const upgradeRequest = (port: number): string =>
  [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
    '',
    '',
  ].join('\r\n');

/** The seq of a message, which stands before its events. */
export function seqIn(frame: Buffer): number {
  let seq = 0;
  for (let i = frame.indexOf(SEQ) + SEQ.length; ; i += 1) {
    const digit = (frame[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return seq;
    seq = seq * 10 + digit;
  }
}

/** Cuts what comes into frames; the HTTP answer before them is skipped. */
function frameReader(onFrame: (payload: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = NOTHING;
  let upgraded = false;
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) {
        rest = Buffer.from(data);
        return;
      }
      upgraded = true;
      data = data.subarray(end + 4);
    }
    for (;;) {
      const short = (data[1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (data.length < head) break;
      const length =
        short === 126
          ? data.readUInt16BE(2)
          : short === 127
            ? Number(data.readBigUInt64BE(2))
            : short;
      if (data.length < head + length) break;
      onFrame(data.subarray(head, head + length));
      data = data.subarray(head + length);
    }
    // A copy: the chunk's memory is read into again.
    rest = data.length === 0 ? NOTHING : Buffer.from(data);
  };
}

/** A short text frame as clients must send it; the mask may be zeros. */
function masked(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length > 125) throw new Error('too long for a short frame');
  const frame = Buffer.alloc(6 + length);
  frame[0] = 0x81;
  frame[1] = 0x80 | length;
  frame.write(text, 6);
  return frame;
}
