/** Sends packets to one Socket.IO connection: ready frames, straight to its WebSocket. */
import { eventsJson, type LiveEvent } from '../../feed/live-message.ts';
import type { Packet, Recipient } from '../../rooms/recipient.ts';
import type { Watched } from '../../rooms/viewer.ts';
import {
  endConnection,
  insidesOf,
  queueFrame,
  queueOf,
  type Connection,
  type Insides,
} from './insides.ts';
import { startOfTextFrame, textFrame } from './text-frame.ts';

const OPEN = 1;
const frames = new WeakMap<Packet, readonly Buffer[]>();
/** Nearly always the packet before is the packet again, for the next of thousands of viewers. */
let latest: { packet: Packet; frame: readonly Buffer[] } | undefined;
/** Thousands who come back from one position miss the same events; these are encoded once. */
const encodedEvents = new WeakMap<readonly LiveEvent[], Buffer>();

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

  /** Answers and notices that the WebSocket has not been given yet. */
  get waitingPackets(): number {
    return queueOf(this.#connection).length;
  }

  get waitingBytes(): number {
    let waiting = this.#webSocket.bufferedAmount;
    for (const { data, options } of queueOf(this.#connection)) {
      waiting += data?.length ?? 0;
      for (const part of options?.wsPreEncodedFrame ?? []) waiting += part.length;
    }
    return waiting;
  }

  send(packet: Packet): void {
    this.#write(latest?.packet === packet ? latest.frame : frameOf(packet));
  }

  /** Answers a `watch`. @param id the number of the request within its connection */
  answerWatch(id: number, { auction, events, recovered }: Watched): void {
    const own = `{"auction":${JSON.stringify(auction)},"recovered":${recovered},"events":`;
    const rest = encoded(events);
    this.#write([startOfTextFrame(`43${id}[{"ok":true,"data":${own}`, rest.length), rest]);
  }

  drop(): void {
    endConnection(this.#connection);
  }

  /** @param frame one WebSocket frame, in one or two parts */
  #write(frame: readonly Buffer[]): void {
    if (queueOf(this.#connection).length === 0 && this.#webSocket.readyState === OPEN) {
      this.#sender.sendFrame(frame);
    } else {
      // Something is queued before it, such as the answer to a bid; the order is kept.
      queueFrame(this.#connection, frame);
    }
  }
}

/** Socket.IO's packet (`2`, an event of the main namespace) in the engine's (`4`, a message). */
function frameOf(packet: Packet): readonly Buffer[] {
  let frame = frames.get(packet);
  if (frame === undefined) {
    frame = [textFrame(`42["${packet.event}",${packet.json}]`)];
    frames.set(packet, frame);
  }
  latest = { packet, frame };
  return frame;
}

/** The events and all that follows them in the answer. */
function encoded(events: readonly LiveEvent[]): Buffer {
  let bytes = encodedEvents.get(events);
  if (bytes === undefined) {
    bytes = Buffer.from(`${eventsJson(events)}}}]`);
    encodedEvents.set(events, bytes);
  }
  return bytes;
}
