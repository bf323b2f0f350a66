/** One auction with thousands of viewers: the broadcaster against the bare server, in turns. */
import { median } from '../bench/statistics.ts';
import { Crowd } from './crowd.ts';
import type { FanOutStage, MeasuredServer } from './fan-out-stage.ts';

export interface FanOutFigures {
  /** From the sending of a bid until the last viewer has it, ms; median over all bids. */
  readonly lastViewerMs: number;
  readonly deliveriesPerSecond: number;
  readonly bytesPerViewer: number;
}

export interface AgainstBare {
  readonly bare: FanOutFigures;
  readonly broadcaster: FanOutFigures;
}

const BIDS_A_ROUND = 15;
const WARM_UP_BIDS = 10;
/** The server has the next message when it is done with one, and hardly ever two to join. */
const BIDS_UNDER_WAY = 2;

export async function againstBare(
  stage: FanOutStage,
  viewers: number,
  rounds: number,
): Promise<AgainstBare> {
  const bare = await Entrant.enter(stage, await stage.bare(), 'a0-bare', viewers);
  const broadcaster = await Entrant.enter(
    stage,
    await stage.broadcaster('unlimited'),
    'a1-ours',
    viewers,
  );
  const entrants = [bare, broadcaster];
  for (const entrant of entrants) await entrant.oneByOne(WARM_UP_BIDS);
  for (const entrant of entrants) entrant.forget();
  for (let round = 0; round < rounds; round += 1) {
    for (const entrant of entrants) await entrant.oneByOne(BIDS_A_ROUND);
    for (const entrant of entrants) await entrant.backToBack(BIDS_A_ROUND);
  }
  const figures = { bare: bare.figures, broadcaster: broadcaster.figures };
  for (const entrant of entrants) entrant.leave();
  await stage.clear();
  return figures;
}

class Entrant {
  readonly #stage: FanOutStage;
  readonly #crowd: Crowd;
  readonly #bytesPerViewer: number;
  #seq = 2;
  #lastViewerMs: number[] = [];
  #perSecond: number[] = [];

  private constructor(stage: FanOutStage, crowd: Crowd, bytesPerViewer: number) {
    this.#stage = stage;
    this.#crowd = crowd;
    this.#bytesPerViewer = bytesPerViewer;
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
    return new Entrant(stage, crowd, bytesPerViewer);
  }

  get figures(): FanOutFigures {
    return {
      lastViewerMs: median(this.#lastViewerMs),
      deliveriesPerSecond: median(this.#perSecond),
      bytesPerViewer: this.#bytesPerViewer,
    };
  }

  forget(): void {
    this.#lastViewerMs = [];
    this.#perSecond = [];
  }

  leave(): void {
    this.#crowd.leave();
  }

  /** Each bid when the last viewer has the one before. */
  async oneByOne(bids: number): Promise<void> {
    for (let i = 0; i < bids; i += 1) {
      const begin = performance.now();
      await this.#bid();
      this.#lastViewerMs.push(performance.now() - begin);
    }
  }

  async backToBack(bids: number): Promise<void> {
    const begin = performance.now();
    const before = this.#crowd.frames;
    const line = async (): Promise<void> => {
      for (let i = 0; i < bids; i += 1) await this.#bid();
    };
    await Promise.all(Array.from({ length: BIDS_UNDER_WAY }, line));
    const frames = this.#crowd.frames - before;
    this.#perSecond.push((frames * 1_000) / (performance.now() - begin));
  }

  async #bid(): Promise<void> {
    this.#seq += 1;
    const seq = this.#seq;
    const arrived = this.#crowd.allHave(seq);
    const bid = { userId: `u${seq % 2}`, amount: 10_000 * seq };
    await Promise.all([this.#stage.auctions.bid(this.#crowd.auctionId, bid), arrived]);
  }
}
