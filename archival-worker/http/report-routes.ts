/** Reports as JSON or as CSV, streamed however long they are. */
import { bidReport, ownBidReport, saleReport } from '@outcry/shared/contracts/history-answers.ts';
import type {
  BidReportRow,
  OwnBidReportRow,
  SaleReportRow,
} from '@outcry/shared/contracts/history.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import type { Table } from '@outcry/shared/http/csv.ts';
import { streamReport } from '@outcry/shared/http/report.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { reportBids, reportOwnBids, reportSales } from '../history/reports.ts';
import { knownAuction } from './archived.ts';
import { ARCHIVED, OWN_BID } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

/** No user and no auction has an id of another form. */
const params = { id: ID_PATTERN };
const AT = '2026-01-05T18:01:00.000Z';

const BIDS: Table<BidReportRow> = {
  columns: ['at', 'epoch', 'seq', 'alias', 'amount', 'currency', 'removed'],
  money: ['amount'],
};
const BIDS_FOR_ADMINS: Table<BidReportRow> = { ...BIDS, columns: [...BIDS.columns, 'userId'] };
const OWN_BIDS: Table<OwnBidReportRow> = {
  columns: [
    'at',
    'auctionId',
    'title',
    'bidId',
    'type',
    'alias',
    'amount',
    'offered',
    'isMaximum',
    'currency',
    'counts',
  ],
  money: ['amount', 'offered'],
};
const SALES: Table<SaleReportRow> = {
  columns: ['soldAt', 'auctionId', 'title', 'alias', 'bidCount', 'price', 'currency'],
  money: ['price'],
};

export const REPORT_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}/bids/report',
      params,
      name: 'reportBids',
      summary:
        'All bids of an auction as the public saw them, oldest first, as JSON or CSV (Accept); for admins with the users',
      who: 'anyone, more with a token',
      answer: { status: 200, schema: bidReport, alsoCsv: true },
      refusals: ['NOT_FOUND', 'AUCTION_NOT_FOUND'],
      example: {
        answer: [
          { at: AT, epoch: 1, seq: 3, alias: 1, amount: 1_000, currency: 'EUR', removed: false },
        ],
      },
    },
    async ({ x, params: { id }, caller }, parts: HistoryParts) => {
      await knownAuction(parts, id);
      const isAdmin = caller?.roles.has('admin') ?? false;
      const table = isAdmin ? BIDS_FOR_ADMINS : BIDS;
      return streamReport(x, `bids-${id}`, table, reportBids(parts.ask, id, isAdmin));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/{id}/bids/report',
      params,
      name: 'reportOwnBids',
      summary: 'All bids of a user (me is the caller), newest first, as JSON or CSV (Accept)',
      who: 'that user, or an admin',
      answer: { status: 200, schema: ownBidReport, alsoCsv: true },
      refusals: ['NOT_FOUND'],
      example: {
        answer: [
          {
            at: OWN_BID.at,
            auctionId: OWN_BID.auctionId,
            title: ARCHIVED.item.title,
            bidId: OWN_BID.bidId,
            type: OWN_BID.type,
            alias: OWN_BID.alias,
            amount: OWN_BID.amount,
            offered: 2_500,
            isMaximum: true,
            currency: ARCHIVED.currency,
            counts: OWN_BID.counts,
          },
        ],
      },
    },
    ({ x, params: { id } }, { ask }: HistoryParts) =>
      streamReport(x, `bids-of-${id}`, OWN_BIDS, reportOwnBids(ask, id)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/users/{id}/sales/report',
      params,
      name: 'reportSales',
      summary:
        'All that a user has sold (me is the caller), what was listed last first, as JSON or CSV (Accept)',
      who: 'that user, or an admin',
      answer: { status: 200, schema: saleReport, alsoCsv: true },
      refusals: ['NOT_FOUND'],
      example: {
        answer: [
          {
            soldAt: ARCHIVED.endsAt,
            auctionId: ARCHIVED.id,
            title: ARCHIVED.item.title,
            alias: 2,
            bidCount: 3,
            price: 1_050,
            currency: 'EUR',
          },
        ],
      },
    },
    ({ x, params: { id } }, { ask }: HistoryParts) =>
      streamReport(x, `sales-of-${id}`, SALES, reportSales(ask, id)),
  ),
];
