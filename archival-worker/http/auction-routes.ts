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
import { isAuctionId } from '@outcry/shared/domain/ids.ts';
import {
  answerJson,
  answerProblem,
  type Exchange,
  type HttpAnswer,
} from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { nextStep } from '../history/next-step.ts';
import { bidsOfAuction, recordOfAuction, searchAuctions } from '../history/pages.ts';
import { openProof } from '../history/proofs.ts';
import { ARCHIVED } from './examples.ts';
import type { HistoryParts } from './history-parts.ts';
import { proofText } from './proof-text.ts';
import { streamText } from '@outcry/shared/http/stream-text.ts';

const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

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
    async ({ x, query }, { answers, history }: HistoryParts) => {
      const question = `auctions ${JSON.stringify(query)}`;
      return answerJson(x, await answers.answer(question, () => searchAuctions(history, query)));
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
    async ({ x, params: { id } }, { history, shards }: HistoryParts) => {
      const auction = isAuctionId(id, shards) ? await history.auction(id) : undefined;
      return auction === undefined ? noSuchAuction(x) : answerJson(x, auction);
    },
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
    async ({ x, params: { id }, query }, { history, shards }: HistoryParts) => {
      const bids = isAuctionId(id, shards) ? await bidsOfAuction(history, id, query) : undefined;
      return bids === undefined ? noSuchAuction(x) : answerJson(x, bids);
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
    async ({ x, params: { id }, query, caller }, { history, shards }: HistoryParts) => {
      const auction = isAuctionId(id, shards) ? await history.auction(id) : undefined;
      if (auction === undefined) return noSuchAuction(x);
      if (auction.sellerId !== caller.userId && !caller.roles.has('admin')) {
        return answerProblem(x, 'NOT_SELLER', 'Only its seller and admins read this.');
      }
      return answerJson(x, await recordOfAuction(history, id, query));
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
    async ({ x, params: { id }, caller }, { history, nextSteps, shards }: HistoryParts) => {
      const auction = isAuctionId(id, shards) ? await history.auction(id) : undefined;
      if (auction === undefined) return noSuchAuction(x);
      const winner = await history.winner(id);
      if (winner === undefined) return answerProblem(x, 'NOT_SOLD', 'Nothing follows then.');
      if (caller.userId === winner) return answerJson(x, nextStep(nextSteps, id, 'winner'));
      if (caller.userId === auction.sellerId) {
        return answerJson(x, nextStep(nextSteps, id, 'seller'));
      }
      return answerProblem(x, 'FORBIDDEN', 'Only its winner and its seller are told.');
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
    async ({ x, params: { id } }, { history, proofs, shards }: HistoryParts) => {
      if (!isAuctionId(id, shards)) return noSuchAuction(x);
      const proof = await openProof(proofs, id);
      if (proof !== undefined) return streamText(x, proofText(id, proof));
      const auction = await history.auction(id);
      if (auction === undefined) return noSuchAuction(x);
      const detail = isOver(auction.status)
        ? 'It is sealed when the archive has all of it and no bidder can be removed any more.'
        : `The auction is ${auction.status}; only what is over is sealed.`;
      return answerProblem(x, 'NOT_SEALED', detail);
    },
  ),
];

const noSuchAuction = (x: Exchange): HttpAnswer =>
  answerProblem(x, 'AUCTION_NOT_FOUND', 'The archive knows no auction with this id.');
