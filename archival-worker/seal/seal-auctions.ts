/**
 * Seals auctions: once one is over and archived without a gap, its hash chain is computed, kept
 * for ever, and Redis is told, so that it may forget the auction after the grace period.
 *
 * What is left to do is read from Postgres in every pass, so nothing is lost when the worker or
 * Redis is away. Several workers may compute the same chain; the first one to keep it wins.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { RedisAuctionMarks } from '../adapters/redis/auction-marks.ts';
import type { SealFigures } from '../metrics.ts';
import { HashChain, LINK_BYTES } from './hash-chain.ts';
import type { Seal, SealStore, WholeAuction } from './seal-store.ts';

const LOOK_EVERY_MS = 1_000;
const RETRY_AFTER_FAILURE_MS = 5_000;
const AUCTIONS_AT_ONCE = 50;
const AUCTIONS_A_PASS = 500;
const EVENTS_AT_ONCE = 2_000;
const NOTICES_AT_ONCE = 500;
/** An auction that failed is not looked at again before this time. */
const QUARANTINE_MS = 10 * 60 * 1000;
const MAX_QUARANTINED = 1_000;

export interface SealParts {
  readonly store: SealStore;
  readonly marks: Pick<RedisAuctionMarks, 'close' | 'seal'>;
  readonly figures: SealFigures;
  /** How long Redis keeps an auction once it knows of its seal. */
  readonly keptMs: number;
  /** How long an auction with bids waits for its seal: so long its bidders can be removed. */
  readonly waitMs: number;
  readonly log: Logger;
}

export class SealAuctions extends Rounds {
  readonly #parts: SealParts;
  /** Auctions that could not be sealed, or Redis not told of. */
  readonly #quarantine = new LRUCache<string, true>({
    max: MAX_QUARANTINED,
    ttl: QUARANTINE_MS,
    // It takes a time of 0 for none.
    perf: { now: () => 1 + monotonicNow() },
  });

  constructor(parts: SealParts) {
    super(
      () => this.#round(),
      (error, inARow) => this.#failed(error, inARow),
    );
    this.#parts = parts;
  }

  async #round(): Promise<number> {
    await this.#sealWhole();
    await this.#tellRedis();
    this.#parts.figures.waiting(await this.#parts.store.backlog(this.#parts.waitMs));
    return LOOK_EVERY_MS;
  }

  #failed(error: unknown, inARow: number): number {
    const level = inARow === 1 ? 'warn' : 'debug';
    this.#parts.log[level]({ err: error }, 'auctions cannot be sealed now, trying again');
    this.#parts.figures.waiting(undefined);
    return RETRY_AFTER_FAILURE_MS;
  }

  async #sealWhole(): Promise<void> {
    let last: WholeAuction | undefined;
    for (let looked = 0; looked < AUCTIONS_A_PASS; looked += AUCTIONS_AT_ONCE) {
      const found = await this.#parts.store.whole(last, this.#parts.waitMs, AUCTIONS_AT_ONCE);
      const open = found.filter(({ isOpen }) => isOpen);
      const closed = open.length === 0 ? new Set() : await this.#parts.marks.close(open);
      for (const auction of found) {
        if (this.stopped) return;
        const isFinal = !auction.isOpen || closed.has(auction.auctionId);
        if (isFinal && !this.#quarantine.has(auction.auctionId)) await this.#seal(auction);
      }
      last = found.at(-1);
      if (found.length < AUCTIONS_AT_ONCE) return;
    }
  }

  async #seal(auction: WholeAuction): Promise<void> {
    const { store, figures, log } = this.#parts;
    const { auctionId, epoch, seq } = auction;
    const seal = await this.#chain(auction);
    if (this.stopped) return;
    if (seal === undefined) {
      this.#quarantine.set(auctionId, true);
      figures.quarantined();
      log.error(
        { auctionId, epoch, seq },
        'events of a whole auction are missing; run "npm run verify"',
      );
    } else if (await store.keep(seal)) {
      figures.sealed(seq);
      log.debug({ auctionId, epoch, seq, head: seal.head }, 'sealed');
    }
  }

  /** Undefined when an event is missing, or when the worker stops. */
  async #chain({ auctionId, epoch, seq }: WholeAuction): Promise<Seal | undefined> {
    const chain = new HashChain(auctionId);
    const links = Buffer.alloc(seq * LINK_BYTES);
    let place = { epoch: 0, seq: 0 };
    while (place.seq < seq && !this.stopped) {
      const events = await this.#parts.store.events(auctionId, place, EVENTS_AT_ONCE);
      if (events.length === 0) return undefined;
      for (const event of events) {
        if (event.seq !== place.seq + 1) return undefined;
        links.write(chain.add(event), place.seq * LINK_BYTES, LINK_BYTES, 'hex');
        place = event;
      }
    }
    return place.seq === seq ? { auctionId, epoch, seq, head: chain.head, links } : undefined;
  }

  async #tellRedis(): Promise<void> {
    const { store, marks, figures, keptMs, log } = this.#parts;
    const untold = await store.untold(NOTICES_AT_ONCE);
    const notices = untold.filter((notice) => !this.#quarantine.has(notice.auctionId));
    if (notices.length === 0 || this.stopped) return;
    const answers = await marks.seal(notices, keptMs);
    await store.told(answers);
    for (const notice of notices) {
      const answer = answers.get(notice.auctionId);
      if (answer === 'sealed' || answer === 'gone') continue;
      if (answer === undefined) this.#quarantine.set(notice.auctionId, true);
      figures.quarantined();
      const other = 'Redis knows other events of a sealed auction; it is kept there';
      const wrong = 'Redis holds wrong data of a sealed auction; it is kept there';
      log.error({ ...notice }, answer === undefined ? wrong : other);
    }
  }
}
