import type { KeptRegistration, OwnDataHead } from '@outcry/shared/contracts/history.ts';
import { archivedSales, bidsOfUser, savedAuctions, searchAuctions } from '../history/pages.ts';
import type { PlacedAbsenteeBid } from '../history/ports.ts';
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
    sales,
  }: Pick<HistoryParts, 'users' | 'history' | 'watchlist' | 'notices' | 'sales'>,
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
  yield ',"sales":';
  const held = { seller: userId, limit: PAGE } as const;
  yield* arrayText(pages((cursor) => archivedSales(sales, { ...held, cursor })));
  yield ',"registrations":';
  yield* arrayText(
    portions((last?: KeptRegistration) => sales.registrations(userId, last?.saleId ?? '', PAGE)),
  );
  yield ',"absenteeBids":';
  const absentees = portions((last?: PlacedAbsenteeBid) =>
    sales.absenteeBids(userId, last?.place, PAGE),
  );
  yield* arrayText(mapped(absentees, ({ bid }) => bid));
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

/** All of a list that is read behind its last row, a portion at a time. */
async function* portions<T>(
  read: (last?: T) => Promise<readonly T[]>,
): AsyncGenerator<readonly T[], void, void> {
  let last: T | undefined;
  do {
    const rows = await read(last);
    yield rows;
    last = rows.length < PAGE ? undefined : rows.at(-1);
  } while (last !== undefined);
}

async function* mapped<T, U>(
  lists: AsyncIterable<readonly T[]>,
  to: (row: T) => U,
): AsyncGenerator<readonly U[], void, void> {
  for await (const rows of lists) yield rows.map(to);
}
