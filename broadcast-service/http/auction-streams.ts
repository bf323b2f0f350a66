/** One viewer of one auction over Server-Sent Events: the same feed and recovery as `watch`. */
import { randomUUID } from 'node:crypto';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { stateOf } from '../feed/auction-feed.ts';
import { messageJson } from '../feed/live-message.ts';
import type { Lease } from '../feed/watched-auctions.ts';
import type { Recipient } from '../rooms/recipient.ts';

export interface AuctionStreamsParts {
  /** @throws SourceUnavailableError */
  acquire(auctionId: string): Promise<Lease | undefined>;
  join(auctionId: string, recipient: Recipient, at: Position, viewer: string): void;
  leave(auctionId: string, recipient: Recipient): void;
  /** The deciding clock, ms since 1970. */
  now(): number;
  recovered(how: 'fresh' | 'recovered' | 'replaced'): void;
}

/** A stream that can begin. One of the two is called, once, and `end` also after `begin`. */
export interface AuctionStream {
  /** Sends where the auction stands, with what came after the viewer's position, and goes on. */
  begin(recipient: Recipient): void;
  end(): void;
}

/**
 * @param mayRecover whether so many events may be put together for this viewer
 * @param after the last position the viewer has, if any
 * @returns undefined when there is no such auction
 * @throws SourceUnavailableError
 */
export async function openAuctionStream(
  auctionId: string,
  after: Position | undefined,
  mayRecover: (events: number) => boolean,
  parts: AuctionStreamsParts,
): Promise<AuctionStream | undefined> {
  const lease = await parts.acquire(auctionId);
  if (lease === undefined) return undefined;
  const { feed } = lease;
  try {
    const missed = after === undefined ? undefined : await feed.recoverFrom(after, mayRecover);
    let joined: Recipient | undefined;
    return {
      begin: (recipient) => {
        const found = missed?.();
        parts.recovered(found === undefined ? 'fresh' : found.recovered ? 'recovered' : 'replaced');
        const { view } = feed;
        const at = { epoch: view.epoch, seq: view.seq };
        const json = messageJson({
          auctionId,
          ...at,
          events: found?.events ?? [],
          state: stateOf(view),
          serverTime: new Date(parts.now()).toISOString(),
        });
        recipient.send({ event: 'events', json, at });
        parts.join(auctionId, recipient, at, `stream ${randomUUID()}`);
        joined = recipient;
      },
      end: () => {
        if (joined !== undefined) parts.leave(auctionId, joined);
        lease.release();
      },
    };
  } catch (error) {
    lease.release();
    throw error;
  }
}

/** `<epoch>:<seq>` as a position; undefined for anything else. */
export function positionOf(lastEventId: string): Position | undefined {
  const [, epoch, seq] = /^([1-9]\d{0,14}):(0|[1-9]\d{0,14})$/.exec(lastEventId) ?? [];
  return epoch === undefined || seq === undefined
    ? undefined
    : { epoch: Number(epoch), seq: Number(seq) };
}
