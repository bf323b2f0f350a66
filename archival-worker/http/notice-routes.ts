import { keptNotices } from '@outcry/shared/contracts/history-answers.ts';
import { readNoticesRequest } from '@outcry/shared/contracts/history-schemas.ts';
import { answerJson } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { ARCHIVED } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

const { id: auctionId, item, currency, price, status, endsAt } = ARCHIVED;

/** What users are told until they have read it. */
export const NOTICE_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/users/me/notices',
      name: 'listNotices',
      summary: 'What the caller is told on every device: outbid, won, ending soon; read or not',
      who: 'any user',
      answer: { status: 200, schema: keptNotices },
      refusals: [],
      example: {
        answer: {
          items: [
            {
              type: 'won',
              auctionId,
              title: item.title,
              currency,
              price,
              status,
              endsAt,
              at: endsAt,
              unread: true,
            },
          ],
          nextAt: null,
        },
      },
    },
    async ({ x, caller }, { notices }: HistoryParts) =>
      answerJson(x, await notices.notices(caller.userId)),
  ),

  route(
    {
      method: 'put',
      path: '/v1/users/me/notices/read',
      name: 'readNotices',
      summary: 'Marks notices as read, on every device of the caller',
      who: 'any user',
      body: readNoticesRequest,
      answer: { status: 204 },
      refusals: [],
      example: { body: { items: [{ type: 'won', auctionId, upTo: endsAt }] } },
    },
    async ({ caller, body: { items } }, { notices, hints }: HistoryParts) => {
      await notices.read(caller.userId, items);
      hints.changed(caller.userId);
      return { status: 204, body: null };
    },
  ),
];
