/** Sends packets to one Socket.IO connection: ready frames, straight to its WebSocket. */
import type { Packet, Recipient } from '../../rooms/recipient.ts';
import { endConnection, insidesOf, member, type Connection, type Insides } from './insides.ts';
import { textFrame } from './text-frame.ts';

const OPEN = 1;
const frames = new WeakMap<Packet, Buffer>();

export class SocketRecipient implements Recipient {
  readonly #connection: Connection;
  readonly #insides: Insides;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#insides = insidesOf(connection);
  }

  get waitingBytes(): number {
    let waiting = this.#insides.webSocket.bufferedAmount;
    for (const packet of this.#insides.queue()) {
      const data = member(packet, 'data');
      if (typeof data === 'string') waiting += data.length;
    }
    return waiting;
  }

  send(packet: Packet): void {
    const frame = frameOf(packet);
    const { queue, webSocket, sender } = this.#insides;
    if (queue().length === 0 && webSocket.readyState === OPEN) {
      sender.sendFrame([frame]);
    } else {
      // Something is queued before it, such as the answer to `watch`; the order is kept.
      this.#connection.write(textOf(packet));
    }
  }

  drop(): void {
    endConnection(this.#connection);
  }
}

/** Socket.IO's packet (an event of the main namespace) as the engine's data: `2` and JSON. */
const textOf = ({ event, json }: Packet): string => `2["${event}",${json}]`;

/** The same as a frame, with the engine's `4` before it. */
function frameOf(packet: Packet): Buffer {
  let frame = frames.get(packet);
  if (frame === undefined) {
    frame = textFrame(`4${textOf(packet)}`);
    frames.set(packet, frame);
  }
  return frame;
}
