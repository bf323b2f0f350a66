import type { OwnDataHead } from '@outcry/shared/contracts/history.ts';
import { bidsOfUser, savedAuctions, searchAuctions } from '../history/pages.ts';
import type { HistoryParts } from './history-parts.ts';
import { arrayText } from '@outcry/shared/http/stream-text.ts';

const PAGE = 200;

/** All that the archive has about a user, as JSON, a page at a time. */
export async function* ownDataText(
  userId: string,
  {
    users,
    history,
    watchlist,
    notices,
  }: Pick<HistoryParts, 'users' | 'history' | 'watchlist' | 'notices'>,
): AsyncGenerator<string, void, void> {
  const beginning: OwnDataHead = {
    userId,
    at: new Date().toISOString(),
    stats: await users.stats(userId),
  };
  yield `${JSON.stringify(beginning).slice(0, -1)},"bids":`;
  yield* arrayText(pages((cursor) => bidsOfUser(users, userId, { limit: PAGE, cursor })));
  yield ',"auctions":';
  const sold = { seller: userId, sort: 'newest', limit: PAGE } as const;
  yield* arrayText(pages((cursor) => searchAuctions(history, { ...sold, cursor })));
  yield ',"watchlist":';
  yield* arrayText(pages((cursor) => savedAuctions(watchlist, userId, { limit: PAGE, cursor })));
  // Bounded, so in one piece.
  yield `,"readNotices":${JSON.stringify(await notices.marks(userId))}}\n`;
}

interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

async function* pages<T>(
  read: (cursor: string | undefined) => Promise<PageOf<T>>,
): AsyncGenerator<readonly T[], void, void> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await read(cursor);
    yield items;
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}
