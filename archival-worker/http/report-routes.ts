/** Reports as JSON or as CSV, streamed however long they are. */
import { bidReport, ownBidReport, saleReport } from '@outcry/shared/contracts/history-answers.ts';
import type {
  BidReportRow,
  OwnBidReportRow,
  SaleReportRow,
} from '@outcry/shared/contracts/history.ts';
import { ID_PATTERN, isAuctionId } from '@outcry/shared/domain/ids.ts';
import type { Table } from '@outcry/shared/http/csv.ts';
import { answerProblem } from '@outcry/shared/http/exchange.ts';
import { streamReport } from '@outcry/shared/http/report.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { reportBids, reportOwnBids, reportSales } from '../history/reports.ts';
import { ARCHIVED } from './examples.ts';
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
    async ({ x, params: { id }, caller }, { history, reports, shards }: HistoryParts) => {
      const auction = isAuctionId(id, shards) ? await history.auction(id) : undefined;
      if (auction === undefined) {
        return answerProblem(x, 'AUCTION_NOT_FOUND', 'The archive knows no auction with this id.');
      }
      const isAdmin = caller?.roles.has('admin') ?? false;
      const table = isAdmin ? BIDS_FOR_ADMINS : BIDS;
      return streamReport(x, `bids-${id}`, table, reportBids(reports, id, isAdmin));
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
            at: AT,
            auctionId: ARCHIVED.id,
            title: ARCHIVED.item.title,
            bidId: 'b-4nT0pYc2s9mQwE1rZ7xK',
            type: 'bid',
            alias: 2,
            amount: 1_050,
            offered: 2_500,
            isMaximum: true,
            currency: 'EUR',
            counts: true,
          },
        ],
      },
    },
    ({ x, params: { id } }, { reports, users }: HistoryParts) =>
      streamReport(x, `bids-of-${id}`, OWN_BIDS, reportOwnBids(reports, users, id)),
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
    ({ x, params: { id } }, { reports }: HistoryParts) =>
      streamReport(x, `sales-of-${id}`, SALES, reportSales(reports, id)),
  ),
];
