import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import {
  auctionListQuery,
  auctionRequest,
  emptyRequest,
  extendRequest,
  type AuctionRequest,
} from '@outcry/shared/contracts/api.ts';
import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import { isAuctionId, isItemId, shardedId, shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { CursorError } from '../auctions/catalogue.ts';
import { claimId, fingerprintOf, itemDetails, newAuction } from '../auctions/create-requests.ts';
import type { AuctionCommand } from '../bidding/auction-commands.ts';
import { auctionViewFrom } from '../bidding/receipts.ts';
import { sendOutcome, sendProblem } from './answers.ts';
import { authenticate } from './authenticate.ts';
import { noSuchAuction, READING } from './bid-routes.ts';
import type { GatewayContext } from './context.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { errorsOf, readBody, type Read } from './request-body.ts';
import { send, sendJson, setHeader } from './send.ts';

/** Lists, reads, creates, cancels and extends auctions. */
export function addAuctionRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  app.get('/v1/auctions', async (c) => {
    const query = auctionListQuery.safeParse(c.req.query());
    if (!query.success) {
      return sendProblem(c, 'INVALID_REQUEST', 'Some query parameters cannot be used.', {
        errors: errorsOf(query.error),
      });
    }
    try {
      return sendJson(c, await parts.catalogue.list(query.data));
    } catch (error) {
      if (!(error instanceof CursorError)) throw error;
      const errors = [{ path: 'cursor', message: error.message }];
      return sendProblem(c, 'INVALID_REQUEST', 'The cursor cannot be used.', { errors });
    }
  });

  app.get('/v1/auctions/:id', async (c) => {
    const auctionId = c.req.param('id');
    if (!isAuctionId(auctionId, parts.shards)) return noSuchAuction(c);
    const outcome = await parts.engine.submit(auctionId, { ...READING, kind: 'read' });
    if (outcome.kind === 'answered' && outcome.answer.code === 'OK') {
      // Weak: serverTime moves on though nothing happened.
      const etag = `W/"${outcome.answer.body.split('|', 2).join(':')}"`;
      setHeader(c, 'etag', etag);
      setHeader(c, 'cache-control', 'no-cache');
      if (c.req.header('if-none-match') === etag) return send(c, null, 304);
    }
    return sendOutcome(c, outcome, 200, viewJson);
  });

  app.post('/v1/auctions', async (c) => {
    const caller = await authenticate(c, parts, 'seller');
    if (!caller.ok) return caller.response;
    const key = readIdempotencyKey(c);
    if (!key.ok) return key.response;
    const body = await readBody(c, auctionRequest);
    if (!body.ok) return body.response;
    return createAuction(c, parts, caller.caller, key.value, body.value);
  });

  app.post('/v1/auctions/:id/cancel', (c) =>
    manage(c, parts, emptyRequest, () => ({ kind: 'cancel', amount: 0, fingerprint: 'cancel' })),
  );

  app.post('/v1/auctions/:id/extend', (c) =>
    manage(c, parts, extendRequest, (body) => {
      const endsAt = Date.parse(body.endsAt);
      return { kind: 'extend', amount: endsAt, fingerprint: `extend:${endsAt}` };
    }),
  );
}

const viewJson = (answer: { body: string }, terms: string): string =>
  JSON.stringify(auctionViewFrom(answer.body, terms));

/** A seller's command on an auction that exists. */
async function manage<T extends z.ZodType>(
  c: Context<GatewayContext>,
  parts: GatewayParts,
  schema: T,
  toCommand: (body: z.infer<T>) => Pick<AuctionCommand, 'kind' | 'amount' | 'fingerprint'>,
): Promise<Response> {
  const caller = await authenticate(c, parts, 'seller');
  if (!caller.ok) return caller.response;
  const key = readIdempotencyKey(c);
  if (!key.ok) return key.response;
  const body = await readBody(c, schema);
  if (!body.ok) return body.response;
  const auctionId = c.req.param('id') ?? '';
  if (!isAuctionId(auctionId, parts.shards)) return noSuchAuction(c);
  const { userId, roles } = caller.caller;
  const outcome = await parts.engine.submit(
    auctionId,
    { ...toCommand(body.value), userId, admin: roles.has('admin'), maxAmount: 0, key: key.value },
    () => c.env.outgoing.destroyed,
  );
  return sendOutcome(c, outcome, 200, viewJson);
}

async function createAuction(
  c: Context<GatewayContext>,
  parts: GatewayParts,
  caller: Caller,
  key: string,
  request: AuctionRequest,
): Promise<Response> {
  const { catalogue, engine, shards } = parts;
  const stored =
    request.itemId === undefined ? undefined : await storedItem(c, parts, request.itemId, caller);
  if (stored?.ok === false) return stored.response;
  const shard =
    stored === undefined
      ? Math.floor(Math.random() * shards)
      : (shardOfId(stored.value.id, shards) ?? 0);
  const fingerprint = fingerprintOf('auctions', request);
  const claimed = await claimId(catalogue, {
    kind: 'a',
    shard,
    userId: caller.userId,
    key,
    fingerprint,
  });
  if ('mismatch' in claimed) {
    return sendProblem(
      c,
      'IDEMPOTENCY_MISMATCH',
      'This Idempotency-Key was used for a different request before.',
    );
  }
  // The item of an inline request is named after its auction: the same request, the same item.
  const item = stored?.value ?? newItemOf(claimed.id, request, shards);
  const outcome = await engine.submit(claimed.id, {
    kind: 'create',
    userId: caller.userId,
    admin: caller.roles.has('admin'),
    amount: 0,
    maxAmount: 0,
    key,
    fingerprint,
    creation: newAuction(claimed.id, item, caller.userId, request),
  });
  if (outcome.kind === 'answered' && outcome.answer.code === 'OK') {
    setHeader(c, 'location', `/v1/auctions/${claimed.id}`);
  }
  return sendOutcome(c, outcome, 201, viewJson);
}

async function storedItem(
  c: Context<GatewayContext>,
  parts: GatewayParts,
  itemId: string,
  caller: Caller,
): Promise<Read<ItemDetails>> {
  const found = isItemId(itemId, parts.shards) ? await parts.catalogue.findItem(itemId) : undefined;
  if (found === undefined) {
    return { ok: false, response: sendProblem(c, 'ITEM_NOT_FOUND', 'No item has this id.') };
  }
  const { sellerId, auctionId: _auctionId, ...item } = found;
  if (sellerId !== caller.userId && !caller.roles.has('admin')) {
    return {
      ok: false,
      response: sendProblem(c, 'NOT_SELLER', 'The item belongs to another seller.'),
    };
  }
  return { ok: true, value: item };
}

function newItemOf(auctionId: string, request: AuctionRequest, shards: number): ItemDetails {
  const tail = auctionId.slice(auctionId.indexOf('-') + 1);
  const itemId = shardedId('i', shardOfId(auctionId, shards) ?? 0, tail);
  if (request.item === undefined) throw new Error('the request names no item');
  return itemDetails(itemId, request.item);
}
