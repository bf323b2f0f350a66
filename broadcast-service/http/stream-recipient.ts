/** Sends packets as Server-Sent Events on one HTTP response. */
import type { ServerResponse } from 'node:http';
import type { Packet, Recipient } from '../rooms/recipient.ts';

const chunks = new WeakMap<Packet, Buffer>();
/** A comment: keeps proxies from ending a connection on which nothing happens. */
const HEARTBEAT = Buffer.from(':\n\n');

export class StreamRecipient implements Recipient {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  /** Only events; how many watch is told over Socket.IO. */
  send(packet: Packet): void {
    if (packet.event === 'events') this.#response.write(chunkOf(packet));
  }

  beat(): void {
    if (this.waitingBytes === 0) this.#response.write(HEARTBEAT);
  }

  drop(): void {
    this.#response.destroy();
  }
}

function chunkOf(packet: Packet): Buffer {
  let chunk = chunks.get(packet);
  if (chunk === undefined) {
    const { event, json, at } = packet;
    const id = at === undefined ? '' : `id: ${at.epoch}:${at.seq}\n`;
    chunk = Buffer.from(`event: ${event}\n${id}data: ${json}\n\n`);
    chunks.set(packet, chunk);
  }
  return chunk;
}
