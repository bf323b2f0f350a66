/** What an auction's room sends, and whom to. */
import type { Position } from '@outcry/shared/contracts/live.ts';

/** One message for many; each way of sending encodes it once, and keeps here what it made. */
export interface Packet {
  readonly event: 'events' | 'presence';
  readonly json: string;
  /** Where the viewer is once it has these events. */
  readonly at?: Position;
  /** As a frame of a WebSocket. */
  frame?: Buffer;
  /** As a chunk of an event stream. */
  chunk?: Buffer;
}

/** A viewer's connection, as far as a room needs it. Nothing here waits, nothing throws. */
export interface Recipient {
  /** Bytes that were handed over and that the network has not taken yet. */
  readonly waitingBytes: number;
  push(packet: Packet): void;
  /** Ends the connection at once. The viewer may come back and continue from the log. */
  drop(): void;
}
