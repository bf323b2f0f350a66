import { isOver } from '@outcry/shared/contracts/events.ts';
import {
  archivedAuction,
  archivedAuctionPage,
  archivedBidPage,
  nextStepSchema,
  proofSchema,
  recordPage,
} from '@outcry/shared/contracts/history-answers.ts';
import {
  bidListQuery,
  historyListQuery,
  pageQuery,
} from '@outcry/shared/contracts/history-schemas.ts';
import { answerJson } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { streamText } from '@outcry/shared/http/stream-text.ts';
import { bidsOfAuction, recordOfAuction, winnerOf } from '../history/archived-auctions.ts';
import { searchAuctions } from '../history/auction-lists.ts';
import { nextStep } from '../history/next-step.ts';
import { sealOf } from '../history/proofs.ts';
import { Refusal } from '../refusal.ts';
import { knownAuction, refuseOthers } from './archived.ts';
import { ARCHIVED, HASH } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';
import { proofText } from './proof-text.ts';

/** Archived auctions, their bids and proofs. */
export const AUCTION_ROUTES: readonly Route<HistoryParts>[] = [
  route(
    {
      method: 'get',
      path: '/v1/history/auctions',
      name: 'searchHistory',
      summary:
        'All auctions, open ones included: by words of title and description, status and seller',
      who: 'anyone',
      query: historyListQuery,
      answer: { status: 200, schema: archivedAuctionPage },
      refusals: [],
      example: { answer: { items: [ARCHIVED], nextCursor: null } },
    },
    async ({ x, query }, { answers, ask }: HistoryParts) => {
      const question = `auctions ${JSON.stringify(query)}`;
      return answerJson(x, await answers.answer(question, () => searchAuctions(ask, query)));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}',
      name: 'readArchived',
      summary: 'An auction as far as it is archived; kept for ever',
      who: 'anyone',
      answer: { status: 200, schema: archivedAuction },
      refusals: ['AUCTION_NOT_FOUND'],
      example: { answer: ARCHIVED },
    },
    async ({ x, params: { id } }, parts: HistoryParts) =>
      answerJson(x, await knownAuction(parts, id)),
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}/bids',
      name: 'listArchivedBids',
      summary: 'The bids of an auction as the public saw them',
      who: 'anyone',
      query: bidListQuery,
      answer: { status: 200, schema: archivedBidPage },
      refusals: ['AUCTION_NOT_FOUND'],
      example: {
        answer: {
          items: [{ epoch: 1, seq: 3, at: '2026-01-05T18:01:00.000Z', alias: 1, amount: 1_000 }],
          nextCursor: null,
        },
      },
    },
    async ({ x, params: { id }, query }, parts: HistoryParts) => {
      await knownAuction(parts, id);
      return answerJson(x, await bidsOfAuction(parts.ask, id, query));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}/record',
      name: 'readRecord',
      summary: 'Who managed the auction, how and why, oldest first; for its seller and admins',
      who: 'any user',
      query: pageQuery,
      answer: { status: 200, schema: recordPage },
      refusals: ['AUCTION_NOT_FOUND', 'NOT_SELLER'],
      example: {
        answer: {
          items: [
            {
              epoch: 1,
              seq: 4,
              at: '2026-01-05T18:02:00.000Z',
              type: 'paused',
              userId: 'sam',
              reason: 'The lot is being examined again.',
              endsAt: '2026-01-05T18:05:00.000Z',
            },
          ],
          nextCursor: null,
        },
      },
    },
    async ({ x, params: { id }, query, caller }, parts: HistoryParts) => {
      refuseOthers(await knownAuction(parts, id), caller);
      return answerJson(x, await recordOfAuction(parts.ask, id, query));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}/next-step',
      name: 'readNextStep',
      summary: 'What its winner, or seller, is to do after the sale, as the installation says',
      who: 'any user',
      answer: { status: 200, schema: nextStepSchema },
      refusals: ['AUCTION_NOT_FOUND', 'NOT_SOLD', 'FORBIDDEN'],
      example: {
        answer: {
          text: 'Please pay within a week.',
          url: `https://pay.example/?auction=${ARCHIVED.id}&party=winner&signature=${HASH}`,
        },
      },
    },
    async ({ x, params: { id }, caller: { userId } }, parts: HistoryParts) => {
      const { sellerId } = await knownAuction(parts, id);
      const winner = await winnerOf(parts.ask, id);
      if (winner === undefined) throw new Refusal('NOT_SOLD', 'Nothing follows then.');
      if (userId !== winner && userId !== sellerId) {
        throw new Refusal('FORBIDDEN', 'Only its winner and its seller are told.');
      }
      const party = userId === winner ? 'winner' : 'seller';
      return answerJson(x, nextStep(parts.nextSteps, id, party));
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/history/auctions/{id}/proof',
      name: 'readProof',
      summary: 'The whole public history of a sealed auction, with the hashes that prove it',
      who: 'anyone',
      answer: { status: 200, schema: proofSchema },
      refusals: ['AUCTION_NOT_FOUND', 'NOT_SEALED'],
      example: {
        answer: {
          form: 'outcry-seal-v1',
          auctionId: ARCHIVED.id,
          head: HASH,
          sealedAt: ARCHIVED.sealedAt,
          count: 6,
          events: [{ public: '{"type":"scheduled","epoch":1,"seq":1}', privateHash: HASH }],
        },
      },
    },
    async ({ x, params: { id } }, parts: HistoryParts) => {
      const { status } = await knownAuction(parts, id);
      const seal = await sealOf(parts.ask, id);
      if (seal !== undefined) return streamText(x, proofText(parts.ask, id, seal));
      const detail = isOver(status)
        ? 'It is sealed when the archive has all of it and no bidder can be removed any more.'
        : `The auction is ${status}; only what is over is sealed.`;
      throw new Refusal('NOT_SEALED', detail);
    },
  ),
];
