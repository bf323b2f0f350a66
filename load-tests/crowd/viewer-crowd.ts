/** Thousands of viewers of one auction in this process. */
import type { Socket } from 'node:net';
import { joinCrowd } from './viewer-socket.ts';

const CONNECT_AT_ONCE = 200;
const ARRIVAL_LIMIT_MS = 30_000;

interface Waiting {
  readonly seq: number;
  readonly viewers: number;
  readonly done: () => void;
}

export class ViewerCrowd {
  readonly auctionId: string;
  readonly size: number;
  /** Frames with events that came, over all viewers. */
  frames = 0;
  readonly #sockets: Socket[] = [];
  readonly #arrived = new Map<number, number>();
  readonly #waiting = new Set<Waiting>();
  readonly #onArrival: (viewer: number, seq: number) => void;

  private constructor(
    auctionId: string,
    size: number,
    onArrival: (viewer: number, seq: number) => void,
  ) {
    this.auctionId = auctionId;
    this.size = size;
    this.#onArrival = onArrival;
  }

  /**
   * @param ports the viewers are spread over these servers
   * @param onArrival called for each message of each viewer (from 0)
   * @throws Error when a viewer cannot connect
   */
  static async gather(
    ports: readonly number[],
    auctionId: string,
    size: number,
    onArrival: (viewer: number, seq: number) => void = () => undefined,
  ): Promise<ViewerCrowd> {
    const crowd = new ViewerCrowd(auctionId, size, onArrival);
    for (let from = 0; from < size; from += CONNECT_AT_ONCE) {
      const batch = Array.from({ length: Math.min(CONNECT_AT_ONCE, size - from) }, (_, i) => {
        const viewer = from + i;
        const port = ports[viewer % ports.length] ?? 0;
        return joinCrowd({ port, auctionId, onSeq: (seq) => crowd.#take(viewer, seq) });
      });
      crowd.#sockets.push(...(await Promise.all(batch)));
    }
    return crowd;
  }

  /**
   * Resolves in the instant in which the last viewer, or as many as said, has a message with this
   * seq or a later one.
   * @throws Error when it takes longer than 30 s
   */
  allHave(seq: number, viewers = this.size): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        const arrived = this.#arrived.get(seq) ?? 0;
        reject(new Error(`only ${arrived} of ${this.size} viewers have seq ${seq}`));
      }, ARRIVAL_LIMIT_MS);
      const done = (): void => {
        clearTimeout(limit);
        resolve();
      };
      this.#waiting.add({ seq, viewers, done });
    });
  }

  /** The first so many viewers read no more. */
  stall(viewers: number): void {
    for (const socket of this.#sockets.slice(0, viewers)) {
      socket.on('error', () => undefined);
      socket.pause();
    }
  }

  leave(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(viewer: number, seq: number): void {
    this.frames += 1;
    const arrived = (this.#arrived.get(seq) ?? 0) + 1;
    this.#arrived.set(seq, arrived);
    this.#onArrival(viewer, seq);
    if (arrived === this.size) this.#arrived.delete(seq);
    for (const waiting of this.#waiting) {
      if (waiting.seq > seq || waiting.viewers > arrived) continue;
      this.#waiting.delete(waiting);
      waiting.done();
    }
  }
}
