/** Thousands of viewers of one auction in this process, and how long after each bid they know of it. */
import type { Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { eachWithLimit } from './each-with-limit.ts';
import { joinCrowd, seqIn } from './viewer-socket.ts';

const CONNECT_AT_ONCE = 200;
const ARRIVAL_LIMIT_MS = 30_000;
/** The first event says that the auction is there, the second that it is live. */
const SEQ_OF_A_NEW_AUCTION = 2;

export class ViewerCrowd {
  readonly size: number;
  /** Frames with events that came, over all viewers. */
  frames = 0;
  readonly #auctionId: string;
  readonly #sockets: Socket[] = [];
  /** By viewer: the newest seq it has. */
  readonly #upTo: Uint32Array;
  /** By seq: how many viewers have it or a later one; when its bid was answered. */
  readonly #arrived: number[] = [];
  readonly #answeredAt: number[] = [];
  readonly #delaysUs = createHistogram();
  readonly #waiting = new Set<{ seq: number; viewers: number; done: () => void }>();
  #seq = SEQ_OF_A_NEW_AUCTION;
  #countFrom = Infinity;

  private constructor(auctionId: string, size: number) {
    this.#auctionId = auctionId;
    this.size = size;
    this.#upTo = new Uint32Array(size);
  }

  /**
   * @param ports the viewers are spread over these servers
   * @param auctionId one without a bid, where this crowd is to see its own bids
   * @throws Error when a viewer cannot connect
   */
  static async gather(
    ports: readonly number[],
    auctionId: string,
    size: number,
  ): Promise<ViewerCrowd> {
    const crowd = new ViewerCrowd(auctionId, size);
    const viewers = Array.from({ length: size }, (_, viewer) => viewer);
    const sockets = await eachWithLimit(viewers, CONNECT_AT_ONCE, (viewer) => {
      const port = ports[viewer % ports.length] ?? 0;
      const onEvents = (frame: Buffer): void => crowd.#take(viewer, seqIn(frame));
      return joinCrowd({ port, auctionId, onEvents });
    });
    crowd.#sockets.push(...sockets);
    return crowd;
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

  /** Places the next bid. Resolves when it is answered. */
  async bid(auctions: ScriptedAuctions): Promise<void> {
    this.#seq += 1;
    const seq = this.#seq;
    await auctions.bid(this.#auctionId, { userId: `u${seq % 2}`, amount: 10_000 * seq });
    this.#answeredAt[seq] = performance.now();
  }

  /** @throws the signal's reason */
  async bidSteadily(
    auctions: ScriptedAuctions,
    perSecond: number,
    seconds: number,
    signal: AbortSignal,
  ): Promise<void> {
    const begin = performance.now();
    for (let i = 0; i < seconds * perSecond; i += 1) {
      const dueAt = begin + (i * 1_000) / perSecond;
      await pause(Math.max(0, dueAt - performance.now()), undefined, { signal });
      await this.bid(auctions);
    }
  }

  /**
   * Resolves in the instant in which the last viewer, or as many as said, has the bid that was placed
   * last, or a later one.
   * @throws Error when it takes longer than 30 s
   */
  haveLast(viewers = this.size): Promise<void> {
    const seq = this.#seq;
    if ((this.#arrived[seq] ?? 0) >= viewers) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        const arrived = this.#arrived[seq] ?? 0;
        reject(new Error(`only ${arrived} of ${this.size} viewers have seq ${seq}`));
      }, ARRIVAL_LIMIT_MS);
      const done = (): void => {
        clearTimeout(limit);
        resolve();
      };
      this.#waiting.add({ seq, viewers, done });
    });
  }

  /** From now on delays count, and only those of bids to come. */
  startOver(): void {
    this.#delaysUs.reset();
    this.#countFrom = this.#seq;
  }

  /** @returns what so large a share of the delays from an answer to a viewer does not exceed, ms */
  delay(share: number): number {
    return this.#delaysUs.percentile(share * 100) / 1000;
  }

  #take(viewer: number, seq: number): void {
    const now = performance.now();
    this.frames += 1;
    for (let each = (this.#upTo[viewer] ?? 0) + 1; each <= seq; each += 1) {
      this.#arrived[each] = (this.#arrived[each] ?? 0) + 1;
      if (each <= this.#countFrom) continue;
      // A viewer may know before the bidder has the answer.
      const ms = now - (this.#answeredAt[each] ?? now);
      this.#delaysUs.record(Math.max(1, Math.round(ms * 1000)));
    }
    this.#upTo[viewer] = seq;
    for (const waiting of this.#waiting) {
      if ((this.#arrived[waiting.seq] ?? 0) < waiting.viewers) continue;
      this.#waiting.delete(waiting);
      waiting.done();
    }
  }
}
