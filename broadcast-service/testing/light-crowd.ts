/** Viewers by the thousand in one process, and what they see, for measurements. */
import type { Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { seqIn, watch, type LightViewer } from './light-viewer.ts';

const CONNECT_AT_ONCE = 200;
const ARRIVAL_LIMIT_MS = 30_000;
/** The first event says that the auction is there, the second that it is live. */
const SEQ_OF_A_NEW_AUCTION = 2;

export type ViewerCrowd = Awaited<ReturnType<typeof gatherViewers>>;

/** A broadcaster, or what stands in for one, on this machine. */
interface Server {
  readonly port: number;
}

/**
 * Viewers of one auction, and how long after each bid they know of it.
 * @param servers the viewers are spread over these
 * @param auctionId one without a bid, where this crowd is to see its own bids
 * @throws Error when a viewer cannot connect
 */
export async function gatherViewers(servers: readonly Server[], auctionId: string, size: number) {
  /** By viewer: the newest seq it has. */
  const upTo = new Uint32Array(size);
  /** By seq: how many viewers have it or a later one; when its bid was answered. */
  const arrived: number[] = [];
  const answeredAt: number[] = [];
  const delaysUs = createHistogram();
  let onArrival: (() => void) | undefined;
  let newest = SEQ_OF_A_NEW_AUCTION;
  let countFrom = Infinity;
  let frames = 0;

  function take(viewer: number, seq: number): void {
    const now = performance.now();
    frames += 1;
    for (let each = (upTo[viewer] ?? 0) + 1; each <= seq; each += 1) {
      arrived[each] = (arrived[each] ?? 0) + 1;
      if (each <= countFrom) continue;
      // A viewer may know before the bidder has the answer.
      const ms = now - (answeredAt[each] ?? now);
      delaysUs.record(Math.max(1, Math.round(ms * 1000)));
    }
    upTo[viewer] = seq;
    onArrival?.();
  }

  const sockets = await connectAll(servers, size, (viewer) => {
    return { auctionId, take: (frame) => take(viewer, seqIn(frame)) };
  });

  /** Places the next bid. Resolves when it is answered. */
  async function bid(auctions: ScriptedAuctions): Promise<void> {
    newest += 1;
    const seq = newest;
    await auctions.bid(auctionId, { userId: `u${seq % 2}`, amount: 10_000 * seq });
    answeredAt[seq] = performance.now();
  }

  return {
    size,
    bid,
    /** That came since it started over, over all viewers. */
    frames: () => frames,
    leave(): void {
      for (const socket of sockets) socket.destroy();
    },

    /** The first so many viewers read no more. */
    stall(viewers: number): void {
      for (const socket of sockets.slice(0, viewers)) {
        socket.on('error', () => undefined);
        socket.pause();
      }
    },

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
        await bid(auctions);
      }
    },

    /**
     * Resolves in the instant in which the last viewer, or as many as said, has the bid that was placed
     * last, or a later one. @throws Error when it takes longer than 30 s
     */
    async haveLast(viewers = size): Promise<void> {
      const seq = newest;
      const have = (): number => arrived[seq] ?? 0;
      const inTime = new Promise<true>((resolve) => {
        onArrival = () => void (have() >= viewers && resolve(true));
        onArrival();
      });
      const late = pause(ARRIVAL_LIMIT_MS, false, { ref: false });
      if (await Promise.race([inTime, late])) return;
      throw new Error(`only ${have()} of ${size} viewers have seq ${seq}`);
    },

    /** From now on frames and delays count, and only delays of bids to come. */
    startOver(): void {
      frames = 0;
      delaysUs.reset();
      countFrom = newest;
    },

    /** @returns what so large a share of the delays from an answer to a viewer does not exceed, ms */
    delay: (share: number): number => delaysUs.percentile(share * 100) / 1000,
  };
}

/** So many viewers over Socket.IO. @throws Error when one is refused */
export const connectAll = (
  servers: readonly Server[],
  viewers: number,
  viewerOf: (n: number) => LightViewer,
): Promise<Socket[]> =>
  eachWithLimit([...Array(viewers).keys()], CONNECT_AT_ONCE, (n) =>
    watch(servers[n % servers.length]?.port ?? 0, viewerOf(n)),
  );
