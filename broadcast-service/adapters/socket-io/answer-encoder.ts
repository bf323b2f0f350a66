/** Lets an answer be written by whoever has most of it encoded already. */
import { Encoder, PacketType, type Packet } from 'socket.io-parser';

/** Stands for an answer; `write` sends it, given the number of the request. */
export class ReadyAnswer {
  readonly write: (id: number) => void;

  constructor(write: (id: number) => void) {
    this.write = write;
  }
}

/** The library's encoder, which hands ready answers to their writers. */
export class AnswerEncoder extends Encoder {
  override encode(packet: Packet): ReturnType<Encoder['encode']> {
    const answer: unknown = Array.isArray(packet.data) ? packet.data[0] : undefined;
    if (packet.type !== PacketType.ACK || !(answer instanceof ReadyAnswer)) {
      return super.encode(packet);
    }
    if (packet.id !== undefined) answer.write(packet.id);
    return [];
  }
}
