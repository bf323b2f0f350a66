import type { OwnDataHead } from '@outcry/shared/contracts/history.ts';
import { arrayText } from '@outcry/shared/http/stream-text.ts';
import type { AskHistory } from '../history/ask-history.ts';
import { searchAuctions } from '../history/auction-lists.ts';
import { allOf } from '../history/lists.ts';
import { marksOf } from '../history/notices.ts';
import { absenteeBidsOf, archivedSales, registrationsOf } from '../history/sales.ts';
import { bidsOfUser, statsOf } from '../history/users.ts';
import { savedAuctions } from '../history/watchlist.ts';

const PAGE = 200;

/** All that the archive has about a user, as JSON, a page at a time. */
export async function* ownDataText(
  userId: string,
  ask: AskHistory,
): AsyncGenerator<string, void, void> {
  const beginning: OwnDataHead = {
    userId,
    at: new Date().toISOString(),
    stats: await statsOf(ask, userId),
  };
  const lists = {
    bids: allOf((page) => bidsOfUser(ask, userId, page), PAGE),
    auctions: allOf(
      (page) => searchAuctions(ask, { ...page, seller: userId, sort: 'newest' }),
      PAGE,
    ),
    sales: allOf((page) => archivedSales(ask, { ...page, seller: userId }), PAGE),
    registrations: allOf((page) => registrationsOf(ask, userId, page), PAGE),
    absenteeBids: allOf((page) => absenteeBidsOf(ask, userId, page), PAGE),
    watchlist: allOf((page) => savedAuctions(ask, userId, page), PAGE),
  };
  yield JSON.stringify(beginning).slice(0, -1);
  for (const [name, list] of Object.entries(lists)) {
    yield `,"${name}":`;
    yield* arrayText(list);
  }
  // Bounded, so in one piece.
  yield `,"readNotices":${JSON.stringify(await marksOf(ask, userId))}}\n`;
}
