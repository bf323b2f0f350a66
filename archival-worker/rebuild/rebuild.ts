/**
 * Brings Redis up to the archive where it has lost data: scheduled and live auctions, those that
 * ended so recently that their answers were promised to be kept, and items. What Redis has as new as
 * the archive, or newer, stays as it is. The shard markers are set last; until then every command on
 * the shard is answered UNAVAILABLE. Safe to run again at any point.
 */
import { ITEM_KEPT_SECONDS } from '@outcry/shared/contracts/keys.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import {
  absenteesOf,
  auctionOfAbsentees,
  isBookId,
  isSaleBook,
  shardOfId,
} from '@outcry/shared/domain/ids.ts';
import type { StreamBacklog } from '../adapters/nats/event-consumer.ts';
import { pagesOf } from '../pages.ts';
import { drainStream, type DrainLimits } from './drain-stream.ts';
import type { FirstAnswer } from './first-answers.ts';
import type { Archive, ListedAuction, ListedItem } from './rebuild-archive.ts';
import { RebuildRefusedError } from './rebuild-refused.ts';
import type { RedisToRebuild } from './redis-to-rebuild.ts';
import { AbsenteesRestoration } from './restored-absentees.ts';
import { AuctionRestoration, type RestoredAuction } from './restored-auction.ts';
import { SaleRestoration } from './restored-sale.ts';

/** Answers are kept for 24 h after a bid; an hour more, because the promise says "at least". */
export const KEEP_CLOSED_MS = 25 * 60 * 60 * 1000;

/** As long as the gateway keeps an item after its last auction, so that it can be sold again. */
const KEEP_ITEM_MS = KEEP_CLOSED_MS + ITEM_KEPT_SECONDS * 1000;

const PAGE = 200;
/** An auction in hand costs a page of its events and one record for each of its bidders. */
const AT_ONCE = 8;
const EVENTS_AT_ONCE = 1_000;
const TELL_EVERY = 1_000;
const FIRST_PLACE: Position = { epoch: 0, seq: 0 };

export interface RebuildParts {
  readonly shards: number;
  readonly redis: RedisToRebuild;
  readonly archive: Archive;
  readonly stream: StreamBacklog;
  readonly progress: RebuildProgress;
  readonly drainLimits: DrainLimits;
}

/** An auction, or a book. */
export type RestoredLog = Pick<RestoredAuction, 'auctionId' | 'status' | 'lastSeq'>;

/** What the rebuild tells while it works. */
export interface RebuildProgress {
  say(line: string): void;
  restored(auction: RestoredLog): void;
  /** Events after `keptSeq` are in the archive, but not all: the auction goes back to `keptSeq`. */
  gap(auctionId: string, keptSeq: number, newestSeq: number): void;
}

export interface RebuildResult {
  readonly auctions: number;
  /** Auctions whose history has a gap in the archive. */
  readonly gaps: number;
}

/**
 * @throws RebuildRefusedError when Redis is whole, the archive empty, or `SHARDS` is another one;
 *   ShardInUseError when another rebuild has got ahead; any other error when a server failed
 */
export async function rebuild(parts: RebuildParts): Promise<RebuildResult> {
  const { redis, progress, archive, stream, shards } = parts;
  const lost = await lostShards(parts);
  progress.say(`${lost.length} of ${shards} shards are to be rebuilt.`);
  progress.say('Waiting until everything in JetStream is archived …');
  const tellLeft = (left: number): void => progress.say(`  ${left} messages left`);
  await drainStream(stream, tellLeft, parts.drainLimits);
  if (!(await archive.hasEvents())) {
    throw new RebuildRefusedError(
      'Postgres holds no event. Is DATABASE_URL right? A fresh system needs no rebuild: ' +
        'archival-worker prepares its Redis.',
    );
  }
  const run = new Run(parts, new Set(lost));
  for (const shard of lost) await run.forgetOlder(shard);
  const items = await run.items();
  progress.say(`Items of ${items} closed auctions restored.`);
  const restored = await run.auctions();
  await redis.markWhole(lost);
  await redis.writeShards();
  return restored;
}

async function lostShards({ redis, shards }: RebuildParts): Promise<number[]> {
  const written = await redis.shardsWritten();
  if (written !== undefined && written !== shards) {
    throw new RebuildRefusedError(`Redis was written with SHARDS=${written}, not ${shards}.`);
  }
  const marked = await redis.markedShards();
  const lost = Array.from({ length: shards }, (_, shard) => shard).filter((s) => !marked.has(s));
  if (lost.length === 0 && written !== undefined) {
    throw new RebuildRefusedError('Redis is whole: there is nothing to rebuild.');
  }
  return lost;
}

/** The restoring itself, of some shards. */
class Run {
  readonly #parts: RebuildParts;
  readonly #lost: ReadonlySet<number>;

  constructor(parts: RebuildParts, lost: ReadonlySet<number>) {
    this.#parts = parts;
    this.#lost = lost;
  }

  /** An older copy may have auctions as open that were over long ago: no list of the archive has them. */
  async forgetOlder(shard: number): Promise<void> {
    const { archive, redis } = this.#parts;
    for await (const ids of redis.listedAuctions(shard)) {
      const behind = await this.#behind(await archive.auctions(ids));
      await eachOf(behind, ({ auctionId }) => redis.forgetAuction(auctionId));
    }
  }

  /** Items whose auctions are over for some time; those of restored auctions come with these. */
  async items(): Promise<number> {
    const { archive, redis } = this.#parts;
    const closedSince = (await redis.now()) - KEEP_ITEM_MS;
    let count = 0;
    const all = pagesOf((last?: ListedItem) =>
      archive.closedItemsAfter(last?.auctionId ?? '', closedSince, PAGE),
    );
    for await (const page of all) {
      const mine = page.filter(({ auctionId }) => this.#isLost(auctionId));
      await eachOf(mine, (listed) => {
        const keepMs = listed.closedAt - closedSince;
        return redis.putItem(listed, Math.ceil(keepMs / 1000));
      });
      count += mine.length;
    }
    return count;
  }

  async auctions(): Promise<RebuildResult> {
    const { archive, redis, progress } = this.#parts;
    const closedSince = (await redis.now()) - KEEP_CLOSED_MS;
    let [auctions, gaps, looked] = [0, 0, 0];
    const all = pagesOf((last?: ListedAuction) =>
      archive.auctionsAfter(last?.auctionId ?? '', closedSince, PAGE),
    );
    for await (const page of all) {
      const mine = page.filter(({ auctionId }) => this.#isLost(auctionId));
      const books = mine.filter(({ auctionId }) => isBookId(auctionId));
      for (const some of [mine.filter(({ auctionId }) => !isBookId(auctionId)), books]) {
        await eachOf(await this.#behind(some), async (listed) => {
          const restored = await this.#restore(listed);
          if (restored !== undefined && some !== books) auctions += 1;
          if (restored?.lastSeq !== listed.seq) gaps += 1;
        });
      }
      await archive.tellOfSealsAgain(mine.map(({ auctionId }) => auctionId));
      const before = looked;
      looked += page.length;
      if (Math.floor(before / TELL_EVERY) < Math.floor(looked / TELL_EVERY)) {
        progress.say(`${auctions} auctions restored so far.`);
      }
    }
    return { auctions, gaps };
  }

  /** @returns undefined when the first event is missing: without its terms nothing can be done */
  async #restore({ auctionId, seq }: ListedAuction): Promise<RestoredLog | undefined> {
    const { redis, progress } = this.#parts;
    await redis.forgetAuction(auctionId);
    const done = await this.#put(auctionId);
    const lastSeq = done?.lastSeq ?? 0;
    if (lastSeq !== seq) progress.gap(auctionId, lastSeq, seq);
    if (done !== undefined) progress.restored(done);
    return done;
  }

  #put(id: string): Promise<RestoredLog | undefined> {
    if (!isBookId(id)) return this.#putAuction(id);
    return isSaleBook(id) ? this.#putSale(id) : this.#putAbsentees(id);
  }

  async #putAuction(auctionId: string): Promise<RestoredLog | undefined> {
    const { redis } = this.#parts;
    const restoration = new AuctionRestoration(auctionId);
    await this.#takeHistory(restoration);
    const done = restoration.finish();
    if (done === undefined) return undefined;
    await redis.putAnswers(auctionId, done.answers);
    await redis.putAuction(done.auction);
    const { saleId } = done.auction;
    await this.#renew([absenteesOf(auctionId), ...(saleId === undefined ? [] : [saleId])]);
    return done.auction;
  }

  /**
   * Has books restored that tell something of an auction which has just been restored: they come after
   * all auctions, by the order of ids. What Redis alone knows of them is kept.
   */
  async #renew(bookIds: readonly string[]): Promise<void> {
    const { archive, redis } = this.#parts;
    const known = await archive.auctions(bookIds);
    const held = await redis.heads(known.map(({ auctionId }) => auctionId));
    for (const [i, book] of known.entries()) {
      const found = held[i];
      if (found !== undefined && comparePositions(found, book) <= 0) {
        await redis.forgetAuction(book.auctionId);
      }
    }
  }

  async #putAbsentees(bookId: string): Promise<RestoredLog | undefined> {
    const { archive, redis } = this.#parts;
    const auctionId = auctionOfAbsentees(bookId);
    const before = await archive.historyAfter(auctionId, FIRST_PLACE, EVENTS_AT_ONCE);
    const restoration = new AbsenteesRestoration(bookId, before);
    // Without its auction there is nothing to put them into.
    const [auction] = await redis.heads([auctionId]);
    await this.#takeHistory(restoration, async (answers) => {
      if (auction !== undefined) await redis.putAnswers(auctionId, answers);
    });
    const done = restoration.finish();
    if (done === undefined) return undefined;
    await redis.putAbsentees(auction === undefined ? { ...done, absentees: undefined } : done);
    return done;
  }

  async #putSale(saleId: string): Promise<RestoredLog | undefined> {
    const { archive, redis } = this.#parts;
    const restoration = new SaleRestoration(saleId);
    await this.#takeHistory(restoration);
    const done = restoration.finish(await archive.lotsOf(saleId));
    if (done === undefined) return undefined;
    await redis.putAnswers(saleId, done.answers);
    await redis.putSale(done.auction);
    return done.auction;
  }

  /** Hands over the events up to the first gap, and has the answers stored on the way. */
  async #takeHistory(
    restoration: Pick<AuctionRestoration, 'id' | 'take'>,
    store = (answers: readonly FirstAnswer[]) =>
      this.#parts.redis.putAnswers(restoration.id, answers),
  ): Promise<void> {
    const history = pagesOf((last: Position = FIRST_PLACE) =>
      this.#parts.archive.historyAfter(restoration.id, last, EVENTS_AT_ONCE),
    );
    for await (const events of history) {
      const answers = [];
      for (const event of events) {
        const told = restoration.take(event);
        if (told === undefined) return store(answers);
        answers.push(...told);
      }
      await store(answers);
    }
  }

  /** Those that Redis has not, or not as far as the archive. */
  async #behind(listed: readonly ListedAuction[]): Promise<ListedAuction[]> {
    const held = await this.#parts.redis.heads(listed.map(({ auctionId }) => auctionId));
    return listed.filter((auction, i) => {
      const found = held[i];
      return found === undefined || comparePositions(found, auction) < 0;
    });
  }

  #isLost(id: string): boolean {
    const shard = shardOfId(id, this.#parts.shards);
    if (shard === undefined) {
      throw new RebuildRefusedError(
        `${id} belongs to none of ${this.#parts.shards} shards: SHARDS must be what it was.`,
      );
    }
    return this.#lost.has(shard);
  }
}

async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const some of chunksOf(all, AT_ONCE)) await Promise.all(some.map(work));
}
