/**
 * Tells an auction's viewers how many they are on all nodes, at most once a second.
 *
 * Each node sends a heartbeat every half second, and changes within a quarter of a second. Messages
 * may be lost: they are numbered. A node that was silent for 1.4 s counts as dead and its viewers as
 * gone. Nothing is stored: a count is worth nothing once its node is gone.
 */
import { randomUUID } from 'node:crypto';
import type { PresenceMessage } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { ViewerCounts, type CountsMessage } from './viewer-counts.ts';

export type PresenceOfNode =
  | ({ readonly say: 'counts' } & CountsMessage)
  /** The named node should send all its counts. */
  | { readonly say: 'send-all'; readonly node: string }
  | { readonly say: 'leaving'; readonly node: string };

export interface OtherNodes {
  /** Sends to all other nodes, in this order; some of it may get lost. */
  tell(message: PresenceOfNode): void;
  hear(listener: (message: PresenceOfNode) => void): void;
}

const TICK_MS = 250;
const LIFE_SIGN_EVERY_MS = 500;
const SILENT_FOR_MS = 1_400;
const REPORT_EVERY_MS = 1_000;
const COUNTS_IN_A_MESSAGE = 1_000;

export class SharePresence {
  readonly #node = randomUUID();
  readonly #nodes: OtherNodes;
  readonly #send: (message: PresenceMessage) => void;
  readonly #counts = new ViewerCounts();
  /** Auctions whose viewers here changed since the others were told. */
  readonly #unpublished = new Set<string>();
  /** Auctions whose viewers here should be told the number. */
  readonly #unreported = new Set<string>();
  readonly #reportedAt = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #number = 0;
  #lastSentAt = -Infinity;
  #sendAll = true;

  /** @param send tells the auction's viewers on this node */
  constructor(nodes: OtherNodes, send: (message: PresenceMessage) => void) {
    this.#nodes = nodes;
    this.#send = send;
    nodes.hear((message) => this.#hear(message));
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** So many watch the auction on this node now. */
  changed(auctionId: string, viewers: number): void {
    this.#counts.setOwn(auctionId, viewers);
    this.#unpublished.add(auctionId);
    this.#unreported.add(auctionId);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#nodes.tell({ say: 'leaving', node: this.#node });
  }

  #hear(message: PresenceOfNode): void {
    if (message.say === 'send-all') {
      if (message.node === this.#node) this.#sendAll = true;
    } else if (message.say === 'leaving') {
      this.#markUnreported(this.#counts.forget(message.node));
    } else {
      const { changed, incomplete } = this.#counts.hear(message, monotonicNow());
      this.#markUnreported(changed);
      if (incomplete) this.#nodes.tell({ say: 'send-all', node: message.node });
    }
  }

  #markUnreported(auctionIds: readonly string[]): void {
    for (const auctionId of auctionIds) {
      if (this.#counts.own(auctionId) > 0) this.#unreported.add(auctionId);
    }
  }

  #tick(): void {
    const now = monotonicNow();
    this.#markUnreported(this.#counts.forgetSilentSince(now - SILENT_FOR_MS));
    this.#report(now);
    const due =
      this.#sendAll || this.#unpublished.size > 0 || now - this.#lastSentAt >= LIFE_SIGN_EVERY_MS;
    if (due) this.#publish(now);
  }

  #report(now: number): void {
    for (const [auctionId, reportedAt] of this.#reportedAt) {
      if (now - reportedAt >= REPORT_EVERY_MS) this.#reportedAt.delete(auctionId);
    }
    for (const auctionId of this.#unreported) {
      if (this.#reportedAt.has(auctionId)) continue;
      this.#unreported.delete(auctionId);
      if (this.#counts.own(auctionId) === 0) continue;
      this.#reportedAt.set(auctionId, now);
      this.#send({ auctionId, viewers: this.#counts.total(auctionId) });
    }
  }

  #publish(now: number): void {
    this.#lastSentAt = now;
    const sendAll = this.#sendAll;
    const told = sendAll ? this.#counts.watchedHere : this.#unpublished;
    const counts = Array.from(told, (id) => [id, this.#counts.own(id)] as const);
    this.#sendAll = false;
    this.#unpublished.clear();
    for (let from = 0; from === 0 || from < counts.length; from += COUNTS_IN_A_MESSAGE) {
      this.#number += 1;
      this.#nodes.tell({
        say: 'counts',
        node: this.#node,
        number: this.#number,
        whole: sendAll && from === 0,
        counts: counts.slice(from, from + COUNTS_IN_A_MESSAGE),
      });
    }
  }
}
