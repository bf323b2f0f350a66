/** Viewers under load, over Socket.IO and over Server-Sent Events, and what they see. */
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventsMessage } from '@outcry/shared/contracts/live.ts';
import { eachWithLimit } from '../crowd/each-with-limit.ts';
import { joinCrowd } from '../crowd/viewer-socket.ts';
import { latencies, type Latencies } from './figures.ts';
import { chooseAuction } from './scenarios/parts/choose-auction.ts';

/** Few: each costs this process more than one over Socket.IO. */
const STREAMS = 20;
const CONNECT_AT_ONCE = 200;
const CONNECT_LIMIT_MS = 10_000;
/** After the last bid, so that everybody has it. */
const SETTLE_MS = 2_000;

/** What all viewers of one kind saw. */
export interface ViewerFigures {
  /** From the instant at which Redis accepted a bid until a viewer has it. */
  readonly latencies: Latencies;
  /** Events that came behind a later one, or a second time. */
  readonly disorder: number;
  /** Events that a viewer was never sent: a slow one gets the newest state only. */
  readonly missed: number;
  /** Connections that ended before the run did. */
  readonly lost: number;
  /** Where each viewer stood in the end. */
  readonly ends: readonly { readonly auctionId: string; readonly seq: number }[];
}

export type ViewersFigures = Readonly<Record<'sockets' | 'streams', ViewerFigures>>;

/** Limits for viewers that all read as fast as they can. */
export const viewersKeepLimits = ({ sockets: { latencies: times } }: ViewersFigures): boolean =>
  times.p95 < 300 && times.p99 < 750;

type Message = Pick<EventsMessage, 'seq'> & {
  readonly events: readonly Pick<EventsMessage['events'][number], 'seq' | 'at'>[];
};

/** Viewers of one kind. @param measuredFrom latencies of earlier events do not count; ms since 1970 */
export class Onlookers {
  lost = 0;
  #disorder = 0;
  #missed = 0;
  readonly #times: number[] = [];
  readonly #viewers: { readonly auctionId: string; seq: number | undefined }[] = [];
  readonly #measuredFrom: number;

  constructor(measuredFrom: number) {
    this.#measuredFrom = measuredFrom;
  }

  /** @returns takes what the viewer is sent; the first message is the state on connecting */
  add(auctionId: string): (message: Message) => void {
    const viewer = { auctionId, seq: undefined as number | undefined };
    this.#viewers.push(viewer);
    return ({ seq, events }) => {
      if (viewer.seq === undefined) {
        viewer.seq = seq;
        return;
      }
      const now = Date.now();
      let last = viewer.seq;
      for (const event of events) {
        if (event.seq <= last) this.#disorder += 1;
        else this.#missed += event.seq - last - 1;
        last = Math.max(last, event.seq);
        const decidedAt = Date.parse(event.at);
        if (decidedAt >= this.#measuredFrom) this.#times.push(now - decidedAt);
      }
      this.#missed += Math.max(0, seq - last);
      viewer.seq = Math.max(last, seq);
    };
  }

  figures(): ViewerFigures {
    return {
      latencies: latencies(this.#times),
      disorder: this.#disorder,
      missed: this.#missed,
      lost: this.lost,
      ends: this.#viewers.map(({ auctionId, seq = 0 }) => ({ auctionId, seq })),
    };
  }
}

export interface ViewersPlan {
  readonly broadcasters: readonly { readonly url: string; readonly port: number }[];
  readonly auctionIds: readonly string[];
  /** Over Socket.IO. */
  readonly viewers: number;
  readonly popular: boolean;
  readonly measuredFrom: number;
}

/**
 * Opens all connections. @throws Error when one is refused
 * @returns what closes them, and with `leave` waits for the last events and says what was seen
 */
export async function openViewers(plan: ViewersPlan) {
  const { broadcasters, auctionIds, viewers, popular, measuredFrom } = plan;
  const closing = new AbortController();
  const open: Socket[] = [];
  const close = (): void => {
    closing.abort();
    for (const socket of open) socket.destroy();
  };
  const sockets = new Onlookers(measuredFrom);
  const streams = new Onlookers(measuredFrom);
  const auctionOf = (index: number): string => auctionIds[index % auctionIds.length] ?? '';

  await eachWithLimit(numbers(viewers), CONNECT_AT_ONCE, async (n) => {
    const auctionId = auctionOf(chooseAuction(n, auctionIds.length, popular));
    const { port = 0 } = broadcasters[n % broadcasters.length] ?? {};
    const take = sockets.add(auctionId);
    let watches = false;
    const socket = await joinCrowd({
      port,
      auctionId,
      onWatching(answer) {
        watches = true;
        const [{ data }] = JSON.parse(answer) as [{ data: { auction: { seq: number } } }];
        take({ seq: data.auction.seq, events: [] });
      },
      // What comes before the state on connecting is part of it.
      onEvents: (frame) => watches && take(parsed(frame)),
    });
    socket.once('close', () => closing.signal.aborted || (sockets.lost += 1));
    open.push(socket);
  });

  async function read(stream: ReadableStream<Uint8Array>, take: (message: Message) => void) {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const bytes of stream) {
        const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data:(.*)$/m.exec(block)?.[1];
          if (data !== undefined) take(JSON.parse(data) as Message);
        }
      }
      streams.lost += 1;
    } catch {
      if (!closing.signal.aborted) streams.lost += 1;
    }
  }

  const reading = await Promise.all(
    numbers(STREAMS).map(async (n) => {
      const limit = setTimeout(() => closing.abort(), CONNECT_LIMIT_MS);
      const url = `${broadcasters[0]?.url}/v1/auctions/${auctionOf(n)}/stream`;
      const answer = await fetch(url, { signal: closing.signal });
      clearTimeout(limit);
      if (answer.status === 200 && answer.body !== null) {
        return { ends: read(answer.body, streams.add(auctionOf(n))) };
      }
      throw new Error(`a stream of ${auctionOf(n)} was refused: status ${answer.status}`);
    }),
  );
  return {
    close,
    async leave(): Promise<ViewersFigures> {
      await pause(SETTLE_MS);
      close();
      await Promise.all(reading.map(({ ends }) => ends));
      return { sockets: sockets.figures(), streams: streams.figures() };
    },
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

let lastFrame = Buffer.alloc(0);
let lastMessage: Message = { seq: 0, events: [] };

/** A message is the same for all viewers of an auction, so that most need not be read again. */
function parsed(frame: Buffer): Message {
  if (!frame.equals(lastFrame)) {
    lastFrame = Buffer.from(frame);
    [, lastMessage] = JSON.parse(frame.toString('utf8', 2)) as [string, Message];
  }
  return lastMessage;
}
