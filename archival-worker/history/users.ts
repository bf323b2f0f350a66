/** What the archive answers about users: their statistics, their own bids, the leaderboard. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  Leaderboard,
  LeaderboardQuery,
  OwnBid,
  OwnBidsQuery,
  UserStats,
} from '@outcry/shared/contracts/history.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { LeaderboardStore, NameStore, OwnBidPlace, UserStore } from './ports.ts';

export class Users {
  readonly #store: UserStore;
  readonly #ranking: LeaderboardStore;
  readonly #names: NameStore;

  constructor(store: UserStore, ranking: LeaderboardStore, names: NameStore) {
    this.#store = store;
    this.#ranking = ranking;
    this.#names = names;
  }

  /** Exact, for the user and admins; all zero for a user who never bid. */
  stats(userId: string): Promise<UserStats> {
    return this.#store.stats(userId);
  }

  /** For others, who could see from the exact figures which alias is whose. */
  shownStats(userId: string): Promise<UserStats> {
    return this.#store.shownStats(userId);
  }

  /** Newest first. @throws CursorError */
  async bids(userId: string, query: OwnBidsQuery): Promise<Page<OwnBid>> {
    const before = query.cursor === undefined ? undefined : placeAt(query.cursor);
    const found = await this.#store.bids(userId, before, query.limit + 1);
    return pageOf(found, query.limit, (last) =>
      cursorOf(Date.parse(last.at), last.auctionId, last.epoch, last.seq),
    );
  }

  leaderboard(query: LeaderboardQuery): Promise<Leaderboard> {
    return this.#ranking.leaderboard(query);
  }

  /** Null takes the name off. False when another user has it. */
  rename(userId: string, name: string | null): Promise<boolean> {
    return this.#names.set(userId, name);
  }
}

function placeAt(cursor: string): OwnBidPlace {
  const form = /^([0-9]{1,14}):([A-Za-z0-9_-]{1,64}):([0-9]{1,16}):([0-9]{1,16})$/;
  const [at, auctionId = '', epoch, seq] = cursorParts(cursor, form);
  return { at: Number(at), auctionId, epoch: Number(epoch), seq: Number(seq) };
}
