import {
  archivedSalePage,
  archivedSaleWithLots,
  saleRecordPage,
} from '@outcry/shared/contracts/history-answers.ts';
import { archivedSaleListQuery, pageQuery } from '@outcry/shared/contracts/history-schemas.ts';
import { answerJson } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { archivedSales, lotsOfSale, recordOfSale } from '../history/sales.ts';
import { knownSale, refuseOthers } from './archived.ts';
import { ARCHIVED, ARCHIVED_SALE } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

/** Sales as far as they are archived. */
export const SALE_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/history/sales',
      name: 'listArchivedSales',
      summary: 'All sales, open ones included, newest first',
      who: 'anyone',
      query: archivedSaleListQuery,
      answer: { status: 200, schema: archivedSalePage },
      refusals: [],
      example: { answer: { items: [ARCHIVED_SALE], nextCursor: null } },
    },
    async ({ x, query }, { answers, ask }: HistoryParts) => {
      const question = `sales ${JSON.stringify(query)}`;
      return answerJson(x, await answers.answer(question, () => archivedSales(ask, query)));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/sales/{id}',
      name: 'readArchivedSale',
      summary: 'A sale as far as it is archived, with what became of its lots; kept for ever',
      who: 'anyone',
      answer: { status: 200, schema: archivedSaleWithLots },
      refusals: ['SALE_NOT_FOUND'],
      example: {
        answer: {
          ...ARCHIVED_SALE,
          lots: [
            {
              lot: 1,
              auctionId: ARCHIVED.id,
              title: ARCHIVED.item.title,
              outcome: 'sold',
              paddle: 12,
              price: ARCHIVED.price,
              currency: ARCHIVED.currency,
            },
          ],
        },
      },
    },
    async ({ x, params: { id } }, parts: HistoryParts) => {
      const sale = await knownSale(parts, id);
      return answerJson(x, { ...sale, lots: await lotsOfSale(parts.ask, id) });
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/sales/{id}/record',
      name: 'readSaleRecord',
      summary:
        'What was decided about the sale and its registrations, by whom and why, oldest first; for its seller and admins',
      who: 'any user',
      query: pageQuery,
      answer: { status: 200, schema: saleRecordPage },
      refusals: ['SALE_NOT_FOUND', 'NOT_SELLER'],
      example: {
        answer: {
          items: [
            {
              epoch: 1,
              seq: 4,
              at: '2026-01-05T18:02:00.000Z',
              type: 'admitted',
              userId: 'sam',
              paddle: 12,
              bidderId: 'ann',
              status: 'approved',
              limit: 500_000,
            },
          ],
          nextCursor: null,
        },
      },
    },
    async ({ x, params: { id }, query, caller }, parts: HistoryParts) => {
      refuseOthers(await knownSale(parts, id), caller);
      return answerJson(x, await recordOfSale(parts.ask, id, query));
    },
  ),
];
