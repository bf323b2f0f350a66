import type { Context, Hono } from 'hono';
import { bidListQuery, historyListQuery } from '@outcry/shared/contracts/history-schemas.ts';
import { isAuctionId } from '@outcry/shared/domain/ids.ts';
import type { History } from '../history/history.ts';
import type { Proofs } from '../history/proofs.ts';
import type { SharedAnswers } from '../history/shared-answers.ts';
import type { HistoryContext } from './context.ts';
import { sendProblem } from './problems.ts';
import { sendProof } from './send-proof.ts';
import { withQuery } from './queries.ts';

/** `GET /v1/history/auctions`, `…/{id}`, `…/{id}/bids` and `…/{id}/proof`. */
export function addHistoryRoutes(
  app: Hono<HistoryContext>,
  parts: { history: History; proofs: Proofs; answers: SharedAnswers; shards: number },
): void {
  const { history, proofs, answers, shards } = parts;
  app.get('/v1/history/auctions', (c) =>
    withQuery(c, historyListQuery, async (query) =>
      c.json(
        await answers.answer(`auctions ${JSON.stringify(query)}`, () => history.auctions(query)),
      ),
    ),
  );

  app.get('/v1/history/auctions/:id', async (c) => {
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, shards)) return noSuchAuction(c);
    const auction = await history.auction(auctionId);
    return auction === undefined ? noSuchAuction(c) : c.json(auction);
  });

  app.get('/v1/history/auctions/:id/bids', (c) =>
    withQuery(c, bidListQuery, async (query) => {
      const auctionId = c.req.param('id');
      if (!isAuctionId(auctionId, shards)) return noSuchAuction(c);
      const page = await history.bids(auctionId, query);
      return page === undefined ? noSuchAuction(c) : c.json(page);
    }),
  );

  app.get('/v1/history/auctions/:id/proof', async (c) => {
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, shards)) return noSuchAuction(c);
    const proof = await proofs.open(auctionId);
    if (proof !== undefined) return sendProof(auctionId, proof);
    const auction = await history.auction(auctionId);
    if (auction === undefined) return noSuchAuction(c);
    const detail =
      auction.status === 'ended' || auction.status === 'cancelled'
        ? 'The archive seals the auction as soon as it has all of it.'
        : `The auction is ${auction.status}; only what is over is sealed.`;
    return sendProblem(c, 'NOT_SEALED', detail);
  });
}

const noSuchAuction = (c: Context<HistoryContext>): Response =>
  sendProblem(c, 'AUCTION_NOT_FOUND', 'The archive knows no auction with this id.');
