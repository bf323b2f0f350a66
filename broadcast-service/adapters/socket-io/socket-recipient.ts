/** Writes to one Socket.IO connection: finished frames, straight to its TCP connection. */
import { Encoder, PacketType, type Packet as SocketPacket } from 'socket.io-parser';
import type { ToViewer } from '@outcry/shared/contracts/live.ts';
import { eventsJson, type LiveEvent } from '../../feed/live-message.ts';
import type { Packet } from '../../rooms/recipient.ts';
import type { Answer, ViewerSocket } from '../../rooms/viewer.ts';
import type { LimitedWebSocket, Wire } from './limited-web-socket.ts';
import { startOfTextFrame, textFrame } from './text-frame.ts';

/** Stands for an answer; `write` sends it, given the number of the request. */
export class EncodedAnswer {
  readonly write: (id: number) => void;

  constructor(write: (id: number) => void) {
    this.write = write;
  }
}

/** The library's encoder, except that answers are written here, in order with everything else. */
export class AnswerEncoder extends Encoder {
  override encode(packet: SocketPacket): ReturnType<Encoder['encode']> {
    const answer: unknown = Array.isArray(packet.data) ? packet.data[0] : undefined;
    if (packet.type !== PacketType.ACK || !(answer instanceof EncodedAnswer)) {
      return super.encode(packet);
    }
    if (packet.id !== undefined) answer.write(packet.id);
    return [];
  }
}

/** Thousands who come back from one position miss the same events; these are encoded once. */
const encodedEvents = new WeakMap<readonly LiveEvent[], Buffer>();

export class SocketRecipient implements ViewerSocket {
  readonly #webSocket: LimitedWebSocket;
  readonly #tcp: Wire['tcp'];

  constructor({ webSocket, tcp }: Wire) {
    this.#webSocket = webSocket;
    this.#tcp = tcp;
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  get msOverdrawn(): number {
    return this.#webSocket.msOverdrawn;
  }

  get waitingBytes(): number {
    return this.#tcp.writableLength;
  }

  send(packet: Packet): void {
    // Socket.IO's packet (`2`, an event of the main namespace) in the engine's (`4`, a message).
    packet.frame ??= textFrame(`42["${packet.event}",${packet.json}]`);
    this.#write(packet.frame);
  }

  tell<E extends keyof ToViewer>(event: E, ...[message]: Parameters<ToViewer[E]>): void {
    this.#write(textFrame(`42["${event}",${JSON.stringify(message)}]`));
  }

  /** @param id the number of the request within its connection */
  answer(id: number, answer: Answer): void {
    if (!answer.ok || answer.data === null || !('events' in answer.data)) {
      this.#write(textFrame(`43${id}[${JSON.stringify(answer)}]`));
      return;
    }
    const { auction, events, recovered } = answer.data;
    const own = `{"auction":${JSON.stringify(auction)},"recovered":${recovered},"events":`;
    const rest = encoded(events);
    this.#tcp.cork();
    this.#write(startOfTextFrame(`43${id}[{"ok":true,"data":${own}`, rest.length));
    this.#write(rest);
    this.#tcp.uncork();
  }

  drop(): void {
    this.#webSocket.terminate();
  }

  /** The library writes whole frames too, so that frames never mix. */
  #write(bytes: Buffer): void {
    if (this.isOpen) this.#tcp.write(bytes);
  }
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
