import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { isAuctionId } from '@outcry/shared/domain/ids.ts';
import { CursorError, type History } from '../history/history.ts';
import type { HistoryContext } from './context.ts';
import { errorsOf, sendProblem } from './problems.ts';

const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});

const listQuery = pageQuery.extend({
  status: z.enum(['scheduled', 'live', 'ended', 'cancelled']).optional(),
});

/** `GET /v1/history/auctions`, `…/{id}` and `…/{id}/bids`. */
export function addHistoryRoutes(
  app: Hono<HistoryContext>,
  history: History,
  shards: number,
): void {
  app.get('/v1/history/auctions', (c) =>
    withQuery(c, listQuery, async (query) => c.json(await history.auctions(query))),
  );

  app.get('/v1/history/auctions/:id', async (c) => {
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, shards)) return noSuchAuction(c);
    const auction = await history.auction(auctionId);
    return auction === undefined ? noSuchAuction(c) : c.json(auction);
  });

  app.get('/v1/history/auctions/:id/bids', (c) =>
    withQuery(c, pageQuery, async (query) => {
      const auctionId = c.req.param('id');
      if (!isAuctionId(auctionId, shards)) return noSuchAuction(c);
      const page = await history.bids(auctionId, query);
      return page === undefined ? noSuchAuction(c) : c.json(page);
    }),
  );
}

const noSuchAuction = (c: Context<HistoryContext>): Response =>
  sendProblem(c, 'AUCTION_NOT_FOUND', 'The archive knows no auction with this id.');

/** Answers a problem that names each query parameter that cannot be used. */
async function withQuery<T extends z.ZodType>(
  c: Context<HistoryContext>,
  schema: T,
  answer: (query: z.infer<T>) => Promise<Response>,
): Promise<Response> {
  const query = schema.safeParse(c.req.query());
  if (!query.success) {
    return sendProblem(c, 'INVALID_REQUEST', 'Some query parameters cannot be used.', {
      errors: errorsOf(query.error),
    });
  }
  try {
    return await answer(query.data);
  } catch (error) {
    if (!(error instanceof CursorError)) throw error;
    const errors = [{ path: 'cursor', message: error.message }];
    return sendProblem(c, 'INVALID_REQUEST', 'The cursor cannot be used.', { errors });
  }
}
