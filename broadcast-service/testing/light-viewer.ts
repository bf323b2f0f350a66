/** Viewers of whom a process can have thousands and still measure something else. */
import { connect, type Socket } from 'node:net';
import { frame as clientFrame, frameReader, SOCKET_IO, upgrade } from './raw-frames.ts';

const CONNECT_LIMIT_MS = 30_000;
const EVENTS = '42["events"';
const SEQ = Buffer.from('"seq":');
const READ_INTO = Buffer.allocUnsafeSlow(256 * 1024);

export interface LightViewer {
  readonly auctionId: string;
  /**
   * Called with the answer to `watch`, `431[{…}]`, and then with each message with events,
   * `42["events",…]`; its memory is read into again.
   */
  readonly take: (frame: Buffer) => void;
  /** The connection has ended, whoever ended it. */
  readonly ended?: () => void;
}

/**
 * A bare TCP connection that speaks just enough of WebSocket, Engine.IO and Socket.IO to watch an
 * auction. Reading costs as little as it can, because the crowd shares the machine with what is
 * measured.
 * @returns the connection once it watches @throws Error when it is refused or takes too long
 */
export function watch(port: number, { auctionId, take, ended }: LightViewer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let watches = false;
    const read = frameReader((frame) => {
      const start = frame.toString('latin1', 0, EVENTS.length);
      // What comes before the answer is part of it.
      if (start === EVENTS && watches) take(frame);
      else if (start.startsWith('2')) socket.write(clientFrame('3'));
      else if (start.startsWith('0')) socket.write(clientFrame('40'));
      else if (start.startsWith('40')) {
        socket.write(clientFrame(`421["watch",{"auctionId":"${auctionId}"}]`));
      } else if (start.startsWith('43')) {
        clearTimeout(limit);
        watches = frame.includes('"ok":true');
        if (!watches) return reject(new Error(`not watching: ${frame.toString()}`));
        take(frame);
        resolve(socket);
      }
    });
    const callback = (length: number, buffer: Uint8Array): boolean => {
      read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    };
    // All connections read into one buffer, one after the other: nothing is allocated to read.
    const onread = { buffer: READ_INTO, callback };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    const limit = setTimeout(() => socket.destroy(new Error('no answer')), CONNECT_LIMIT_MS);
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error('the connection was closed'));
      ended?.();
    });
    socket.once('connect', () => socket.write(upgrade(SOCKET_IO)));
  });
}

/** The seq of a message, which stands before its events; 0 in an answer without one. */
export function seqIn(frame: Buffer): number {
  let seq = 0;
  for (let i = frame.indexOf(SEQ) + SEQ.length; ; i += 1) {
    const digit = (frame[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return seq;
    seq = seq * 10 + digit;
  }
}

export interface Message {
  readonly seq: number;
  readonly events: readonly { readonly seq: number; readonly at: string }[];
}

let lastFrame = Buffer.alloc(0);
let lastMessage: Message = { seq: 0, events: [] };

/** A message is the same for all viewers of an auction, so that most need not be read again. */
export function messageIn(frame: Buffer): Message {
  if (!frame.equals(lastFrame)) {
    lastFrame = Buffer.from(frame);
    const json = JSON.parse(frame.toString('utf8', frame.indexOf('['))) as
      | [string, Message]
      | [{ readonly data: { readonly auction: { readonly seq: number } } }];
    lastMessage = json.length === 2 ? json[1] : { seq: json[0].data.auction.seq, events: [] };
  }
  return lastMessage;
}
