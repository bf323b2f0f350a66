import {
  deadLetterPage,
  deadLetterQuery,
  retriedDeadLetter,
} from '@outcry/shared/contracts/dead-letter-schemas.ts';
import { reasonRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { bidderPage, foundBid } from '@outcry/shared/contracts/history-answers.ts';
import { pageQuery } from '@outcry/shared/contracts/history-schemas.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { answerJson } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { discardHash, listLetters, retryHash } from '../dead-letters/dead-letters.ts';
import { biddersOfAuction } from '../history/archived-auctions.ts';
import { bidById } from '../history/users.ts';
import { knownAuction } from './archived.ts';
import { ARCHIVED, HASH, OWN_BID } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';

const { opening: _, ...FOUND } = OWN_BID;
const params = { hash: /^[0-9a-f]{64}$/ };

/** What only admins find, and what they do about messages that could not be stored. */
export const ADMIN_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/history/bids/{id}',
      params: { id: ID_PATTERN },
      name: 'findBid',
      summary: 'A bid by its id alone, with its bidder; also one that a failover has lost',
      who: 'admin',
      answer: { status: 200, schema: foundBid },
      refusals: ['NOT_FOUND'],
      example: { answer: { ...FOUND, userId: 'ann' } },
    },
    async ({ x, params: { id } }, { ask }: HistoryParts) => answerJson(x, await bidById(ask, id)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}/bidders',
      name: 'listBidders',
      summary: 'Who bids in an auction, by alias, with the users',
      who: 'admin',
      query: pageQuery,
      answer: { status: 200, schema: bidderPage },
      refusals: ['AUCTION_NOT_FOUND'],
      example: {
        answer: {
          items: [
            {
              alias: 2,
              userId: 'ann',
              bids: 3,
              highest: 1_050,
              lastAt: '2026-01-05T18:01:30.250Z',
              removed: false,
            },
          ],
          nextCursor: null,
        },
      },
    },
    async ({ x, params: { id }, query }, parts: HistoryParts) => {
      await knownAuction(parts, id);
      return answerJson(x, await biddersOfAuction(parts.ask, id, query));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/dead-letters',
      name: 'listDeadLetters',
      summary: 'Messages that could not be stored as events, oldest first',
      who: 'admin',
      query: deadLetterQuery,
      answer: { status: 200, schema: deadLetterPage },
      refusals: [],
      example: {
        answer: {
          items: [
            {
              hash: HASH,
              subject: `outcry.events.7.${ARCHIVED.id}`,
              auctionId: ARCHIVED.id,
              reason: 'line 1 is not JSON',
              bytes: 12,
              seenAt: '2026-01-05T18:01:30.250Z',
            },
          ],
          nextCursor: null,
        },
      },
    },
    async ({ x, query }, { deadLetters }: HistoryParts) =>
      answerJson(x, await listLetters(deadLetters, query)),
  ),

  route(
    {
      method: 'post',
      path: '/v1/history/dead-letters/{hash}/retry',
      params,
      name: 'retryDeadLetter',
      summary: 'Stores a dead letter again; what is stored is no dead letter any more',
      who: 'admin',
      answer: { status: 200, schema: retriedDeadLetter },
      refusals: ['NOT_FOUND'],
      example: { answer: { stored: 1, kept: 0, reason: null } },
    },
    async ({ x, params: { hash } }, { deadLetters }: HistoryParts) =>
      answerJson(x, await retryHash(deadLetters, hash)),
  ),

  route(
    {
      method: 'post',
      path: '/v1/history/dead-letters/{hash}/discard',
      params,
      name: 'discardDeadLetter',
      summary: 'Takes out for good a dead letter that is no event; it is kept with who and why',
      who: 'admin',
      body: reasonRequest,
      answer: { status: 204 },
      refusals: ['NOT_FOUND'],
      example: { body: { reason: 'A test client used the wrong subject.' } },
    },
    async ({ params: { hash }, body: { reason }, caller }, { deadLetters }: HistoryParts) => {
      await discardHash(deadLetters, hash, { by: caller.userId, why: reason });
      return { status: 204, body: null };
    },
  ),
];
