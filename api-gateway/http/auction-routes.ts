import type { Hono } from 'hono';
import type { z } from 'zod';
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import {
  auctionListQuery,
  auctionRequest,
  emptyRequest,
  extendRequest,
} from '@outcry/shared/contracts/api-schemas.ts';
import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import { queryValues } from '@outcry/shared/contracts/query-strings.ts';
import { isItemId, shardedId, shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { fieldFaults } from '@outcry/shared/runtime/request-body.ts';
import { CursorError } from '../auctions/catalogue.ts';
import { claimId, fingerprintOf, itemDetails, newAuction } from '../auctions/create-requests.ts';
import type { AuctionCommand } from '../bidding/auction-commands.ts';
import { auctionViewFrom } from '../bidding/receipts.ts';
import { answerClaimRefusal, answerOutcome, answerProblem } from './answers.ts';
import { authenticate } from './authenticate.ts';
import { pathPart, route, type GatewayContext } from './context.ts';
import { mostCreations, type GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { readBody, type Read } from './request-body.ts';
import { answerJsonText, setHeader, type Exchange, type HttpAnswer } from './exchange.ts';

/** Whether the client has this state already: RFC 9110, 13.1.2, where weak and strong tags equal. */
const isKnown = (etag: string, ifNoneMatch = ''): boolean =>
  ifNoneMatch.trim() === '*' ||
  ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.slice(2));

/** Lists, reads, creates, cancels and extends auctions. */
export function addAuctionRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  app.get(
    '/v1/auctions',
    route(async (x, c) => {
      const query = auctionListQuery.safeParse(queryValues(c.req.url));
      if (!query.success) {
        return answerProblem(x, 'INVALID_REQUEST', 'Some query parameters cannot be used.', {
          errors: fieldFaults(query.error),
        });
      }
      try {
        return answerJsonText(x, await parts.lists.answer(query.data));
      } catch (error) {
        if (!(error instanceof CursorError)) throw error;
        const errors = [{ path: 'cursor', message: error.message }];
        return answerProblem(x, 'INVALID_REQUEST', 'The cursor cannot be used.', { errors });
      }
    }),
  );

  app.get(
    '/v1/auctions/:id',
    route(async (x, c) => {
      const auctionId = pathPart(c, 'id');
      const outcome = await parts.reads.publicState(auctionId);
      if (outcome.kind === 'answered' && outcome.answer.code === 'OK') {
        // Weak: serverTime moves on though nothing happened.
        const etag = `W/"${outcome.answer.body.split(' ', 2).join(':')}"`;
        setHeader(x, 'etag', etag);
        setHeader(x, 'cache-control', 'no-cache');
        if (isKnown(etag, x.incoming.headers['if-none-match'])) return { status: 304, body: null };
      }
      return answerOutcome(x, outcome, 200, viewJson);
    }),
  );

  app.post(
    '/v1/auctions',
    route(async (x) => {
      const caller = await authenticate(x, parts, 'seller');
      if (!caller.ok) return caller.answer;
      const key = readIdempotencyKey(x);
      if (!key.ok) return key.answer;
      const body = await readBody(x, auctionRequest);
      if (!body.ok) return body.answer;
      return createAuction(x, parts, caller.caller, key.value, body.value);
    }),
  );

  app.post(
    '/v1/auctions/:id/cancel',
    route((x, c) =>
      manage(x, parts, pathPart(c, 'id'), emptyRequest, () => ({
        kind: 'cancel',
        amount: 0,
        fingerprint: 'cancel',
      })),
    ),
  );

  app.post(
    '/v1/auctions/:id/extend',
    route((x, c) =>
      manage(x, parts, pathPart(c, 'id'), extendRequest, (body) => {
        const endsAt = Date.parse(body.endsAt);
        return { kind: 'extend', amount: endsAt, fingerprint: `extend:${endsAt}` };
      }),
    ),
  );
}

const viewJson = (answer: { body: string }, terms: string): string =>
  JSON.stringify(auctionViewFrom(answer.body, terms));

/** A seller's command on an auction that exists. */
async function manage<T extends z.ZodType>(
  x: Exchange,
  parts: GatewayParts,
  auctionId: string,
  schema: T,
  toCommand: (body: z.infer<T>) => Pick<AuctionCommand, 'kind' | 'amount' | 'fingerprint'>,
): Promise<HttpAnswer> {
  const caller = await authenticate(x, parts, 'seller');
  if (!caller.ok) return caller.answer;
  const key = readIdempotencyKey(x);
  if (!key.ok) return key.answer;
  const body = await readBody(x, schema);
  if (!body.ok) return body.answer;
  const { userId, roles } = caller.caller;
  const outcome = await parts.engine.ask(
    auctionId,
    { ...toCommand(body.value), userId, admin: roles.has('admin'), maxAmount: 0, key: key.value },
    () => x.outgoing.destroyed,
  );
  return answerOutcome(x, outcome, 200, viewJson);
}

async function createAuction(
  x: Exchange,
  parts: GatewayParts,
  caller: Caller,
  key: string,
  request: AuctionRequest,
): Promise<HttpAnswer> {
  const { catalogue, engine, shards } = parts;
  const stored =
    request.itemId === undefined ? undefined : await findItem(x, parts, request.itemId, caller);
  if (stored?.ok === false) return stored.answer;
  const { item: storedItem, sellerId } = stored?.value ?? { sellerId: caller.userId };
  const shard =
    storedItem === undefined
      ? Math.floor(Math.random() * shards)
      : (shardOfId(storedItem.id, shards) ?? 0);
  const fingerprint = fingerprintOf('auctions', request);
  const claimed = await claimId(
    catalogue,
    {
      kind: 'a',
      shard,
      userId: caller.userId,
      key,
      fingerprint,
    },
    mostCreations(parts, caller),
  );
  if ('refusal' in claimed) return answerClaimRefusal(x, claimed.refusal);
  // The item of an inline request is named after its auction: the same request, the same item.
  const item = storedItem ?? newItemOf(claimed.id, request, shards);
  const outcome = await engine.ask(claimed.id, {
    kind: 'create',
    userId: caller.userId,
    admin: caller.roles.has('admin'),
    amount: 0,
    maxAmount: 0,
    key,
    fingerprint,
    creation: newAuction(claimed.id, item, sellerId, request),
  });
  if (outcome.kind === 'answered' && outcome.answer.code === 'OK') {
    setHeader(x, 'location', `/v1/auctions/${claimed.id}`);
  }
  return answerOutcome(x, outcome, 201, viewJson);
}

/** An admin may sell another's item for them: they stay its seller, who may not bid on it. */
async function findItem(
  x: Exchange,
  parts: GatewayParts,
  itemId: string,
  caller: Caller,
): Promise<Read<{ readonly item?: ItemDetails; readonly sellerId: string }>> {
  const found = isItemId(itemId, parts.shards) ? await parts.catalogue.findItem(itemId) : undefined;
  if (found === undefined) {
    return { ok: false, answer: answerProblem(x, 'ITEM_NOT_FOUND', 'No item has this id.') };
  }
  const { sellerId, auctionId: _auctionId, ...item } = found;
  if (sellerId !== caller.userId && !caller.roles.has('admin')) {
    return {
      ok: false,
      answer: answerProblem(x, 'NOT_SELLER', 'The item belongs to another seller.'),
    };
  }
  return { ok: true, value: { item, sellerId } };
}

function newItemOf(auctionId: string, request: AuctionRequest, shards: number): ItemDetails {
  const tail = auctionId.slice(auctionId.indexOf('-') + 1);
  const itemId = shardedId('i', shardOfId(auctionId, shards) ?? 0, tail);
  if (request.item === undefined) throw new Error('the request names no item');
  return itemDetails(itemId, request.item);
}
