/** Sends packets to one Socket.IO connection: ready frames, straight to its WebSocket. */
import type { Packet, Recipient } from '../../rooms/recipient.ts';
import { endConnection, insidesOf, queueOf, type Connection, type Insides } from './insides.ts';
import { textFrame } from './text-frame.ts';

const OPEN = 1;
const frames = new WeakMap<Packet, Buffer>();
/** Nearly always the packet before is the packet again, for the next of thousands of viewers. */
let latest: { packet: Packet; frame: Buffer } | undefined;

export class SocketRecipient implements Recipient {
  readonly #connection: Connection;
  readonly #webSocket: Insides['webSocket'];
  readonly #sender: Insides['sender'];

  constructor(connection: Connection) {
    const { webSocket, sender } = insidesOf(connection);
    this.#connection = connection;
    this.#webSocket = webSocket;
    this.#sender = sender;
  }

  get waitingBytes(): number {
    let waiting = this.#webSocket.bufferedAmount;
    for (const { data } of queueOf(this.#connection)) waiting += data?.length ?? 0;
    return waiting;
  }

  send(packet: Packet): void {
    const frame = latest?.packet === packet ? latest.frame : frameOf(packet);
    if (queueOf(this.#connection).length === 0 && this.#webSocket.readyState === OPEN) {
      this.#sender.sendFrame([frame]);
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
  latest = { packet, frame };
  return frame;
}
