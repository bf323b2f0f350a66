/**
 * One auction with thousands of viewers: the broadcaster against the bare server. They take turns in
 * many short rounds, each first in every other one, and are compared within a round: what the machine
 * does besides, and how warm it is, is then the same for both.
 */
import { median } from '../bench/statistics.ts';
import { cpuSeconds } from '../bench/process-cpu.ts';
import { Crowd } from './crowd.ts';
import type { FanOutStage, MeasuredServer } from './fan-out-stage.ts';

export interface FanOutFigures {
  /** From the sending of a bid until the last viewer has it, ms. */
  readonly lastViewerMs: number;
  readonly deliveriesPerSecond: number;
  /** CPU time of the server for a delivery, µs; NaN where it cannot be read. */
  readonly cpuMicroseconds: number;
}

export interface AgainstBare {
  readonly bare: FanOutFigures;
  readonly broadcaster: FanOutFigures;
  /** Of each round, in order. */
  readonly ratios: readonly FanOutRatios[];
  readonly bytesPerViewer: { readonly bare: number; readonly broadcaster: number };
}

/** How near the broadcaster comes to the bare server; above 1 where it is the better one. */
export type FanOutRatios = FanOutFigures;

const BIDS_ONE_BY_ONE = 10;
const BIDS_BACK_TO_BACK = 20;
const WARM_UP_ROUNDS = 2;

export async function againstBare(
  stage: FanOutStage,
  viewers: number,
  rounds: number,
  signal: AbortSignal,
): Promise<AgainstBare> {
  const bare = await Entrant.enter(stage, await stage.bare(), 'a0-bare', viewers);
  const broadcaster = await Entrant.enter(
    stage,
    await stage.broadcaster('unlimited'),
    'a1-ours',
    viewers,
  );
  const found: { bare: FanOutFigures; broadcaster: FanOutFigures }[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
    signal.throwIfAborted();
    const first = round % 2 === 0 ? bare : broadcaster;
    const second = first === bare ? broadcaster : bare;
    const figures = new Map([[first, await first.round()]]);
    figures.set(second, await second.round());
    const [ofBare, ofBroadcaster] = [figures.get(bare), figures.get(broadcaster)];
    if (round < WARM_UP_ROUNDS || ofBare === undefined || ofBroadcaster === undefined) continue;
    found.push({ bare: ofBare, broadcaster: ofBroadcaster });
  }
  for (const entrant of [bare, broadcaster]) entrant.leave();
  await stage.clear();
  return {
    bare: middle(found.map((round) => round.bare)),
    broadcaster: middle(found.map((round) => round.broadcaster)),
    ratios: found.map(({ bare, broadcaster }) => ({
      lastViewerMs: bare.lastViewerMs / broadcaster.lastViewerMs,
      deliveriesPerSecond: broadcaster.deliveriesPerSecond / bare.deliveriesPerSecond,
      cpuMicroseconds: bare.cpuMicroseconds / broadcaster.cpuMicroseconds,
    })),
    bytesPerViewer: { bare: bare.bytesPerViewer, broadcaster: broadcaster.bytesPerViewer },
  };
}

/** The median of each figure. */
export const middle = (figures: readonly FanOutFigures[]): FanOutFigures => ({
  lastViewerMs: median(figures.map(({ lastViewerMs }) => lastViewerMs)),
  deliveriesPerSecond: median(figures.map(({ deliveriesPerSecond }) => deliveriesPerSecond)),
  cpuMicroseconds: median(figures.map(({ cpuMicroseconds }) => cpuMicroseconds)),
});

class Entrant {
  readonly bytesPerViewer: number;
  readonly #stage: FanOutStage;
  readonly #server: MeasuredServer;
  readonly #crowd: Crowd;
  #seq = 2;

  private constructor(
    stage: FanOutStage,
    server: MeasuredServer,
    crowd: Crowd,
    bytesPerViewer: number,
  ) {
    this.#stage = stage;
    this.#server = server;
    this.#crowd = crowd;
    this.bytesPerViewer = bytesPerViewer;
  }

  static async enter(
    stage: FanOutStage,
    server: MeasuredServer,
    auctionId: string,
    viewers: number,
  ): Promise<Entrant> {
    await stage.auctions.create(auctionId);
    const before = await server.memoryBytes();
    const crowd = await Crowd.gather([server.port], auctionId, viewers);
    const bytesPerViewer = ((await server.memoryBytes()) - before) / viewers;
    return new Entrant(stage, server, crowd, bytesPerViewer);
  }

  leave(): void {
    this.#crowd.leave();
  }

  async round(): Promise<FanOutFigures> {
    const lastViewerMs = await this.#oneByOne();
    const cpuBefore = cpuSeconds(this.#server.pid()) ?? Number.NaN;
    const framesBefore = this.#crowd.frames;
    const begin = performance.now();
    await this.#backToBack();
    const tookMs = performance.now() - begin;
    const frames = this.#crowd.frames - framesBefore;
    const cpu = (cpuSeconds(this.#server.pid()) ?? Number.NaN) - cpuBefore;
    return {
      lastViewerMs,
      deliveriesPerSecond: (frames * 1_000) / tookMs,
      cpuMicroseconds: (cpu * 1e6) / frames,
    };
  }

  /** Each bid when the last viewer has the one before. */
  async #oneByOne(): Promise<number> {
    const delays: number[] = [];
    for (let i = 0; i < BIDS_ONE_BY_ONE; i += 1) {
      const begin = performance.now();
      await this.#bid(this.#crowd.size);
      delays.push(performance.now() - begin);
    }
    return median(delays);
  }

  /**
   * Each bid when half of the viewers have the one before: the server has the next message when it is
   * done with one, and never two that it may join, which would be fewer deliveries for the same bids.
   */
  async #backToBack(): Promise<void> {
    for (let i = 0; i < BIDS_BACK_TO_BACK; i += 1) {
      await this.#bid(i + 1 < BIDS_BACK_TO_BACK ? this.#crowd.size / 2 : this.#crowd.size);
    }
  }

  /** Resolves when so many viewers have it. */
  async #bid(viewers: number): Promise<void> {
    this.#seq += 1;
    const seq = this.#seq;
    const arrived = this.#crowd.allHave(seq, viewers);
    const bid = { userId: `u${seq % 2}`, amount: 10_000 * seq };
    await Promise.all([this.#stage.auctions.bid(this.#crowd.auctionId, bid), arrived]);
  }
}
