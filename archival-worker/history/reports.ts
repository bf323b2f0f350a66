/** Reports row by row, a portion at a time: however long they are, one portion is in memory. */
import type {
  BidReportRow,
  OwnBid,
  OwnBidReportRow,
  SaleReportRow,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { OwnBidPlace, ReportStore, UserStore } from './ports.ts';

const PORTION = 1_000;

type Portions<Row> = AsyncGenerator<readonly Row[], void, void>;

/** An auction's bids, oldest first. @param withUsers for admins only */
export async function* reportBids(
  store: ReportStore,
  auctionId: string,
  withUsers: boolean,
): Portions<BidReportRow> {
  // Once for all portions: it takes a look at all events.
  const removed = await store.removedAliases(auctionId);
  for await (const rows of portions((last: Position | undefined) =>
    store.bids(auctionId, last, PORTION),
  )) {
    yield rows.map(({ userId, ...row }) =>
      Object.assign(row, { removed: removed.has(row.alias) }, withUsers ? { userId } : {}),
    );
  }
}

/** A user's bids, newest first. */
export async function* reportOwnBids(
  store: ReportStore,
  users: UserStore,
  userId: string,
): Portions<OwnBidReportRow> {
  for await (const bids of portions((last: OwnBid | undefined) =>
    users.bids(userId, last && placeOf(last), PORTION),
  )) {
    const subjects = await store.subjects([...new Set(bids.map(({ auctionId }) => auctionId))]);
    yield bids.map((bid) => {
      const { title = '', currency = '' } = subjects.get(bid.auctionId) ?? {};
      const { at, auctionId, bidId, type, alias, amount, offered, counts } = bid;
      const isMaximum = offered !== null && 'maxAmount' in offered;
      const offer = offered === null ? null : isMaximum ? offered.maxAmount : offered.amount;
      return {
        at,
        auctionId,
        title,
        bidId,
        type,
        alias,
        amount,
        offered: offer,
        isMaximum,
        currency,
        counts,
      };
    });
  }
}

/** What a seller has sold, by when it was listed, newest first. */
export async function* reportSales(store: ReportStore, sellerId: string): Portions<SaleReportRow> {
  for await (const sales of portions(
    (last: Awaited<ReturnType<ReportStore['sales']>>[number] | undefined) =>
      store.sales(sellerId, last?.place, PORTION),
  )) {
    yield sales.map(({ row }) => row);
  }
}

const placeOf = ({ at, auctionId, epoch, seq }: OwnBid): OwnBidPlace => ({
  at: Date.parse(at),
  auctionId,
  epoch,
  seq,
});

/** @param read what comes behind the last one read */
async function* portions<Row>(
  read: (last: Row | undefined) => Promise<readonly Row[]>,
): Portions<Row> {
  let last: Row | undefined;
  for (;;) {
    const rows = await read(last);
    if (rows.length > 0) yield rows;
    if (rows.length < PORTION) return;
    last = rows.at(-1);
  }
}
