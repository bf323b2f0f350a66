import type { Hono } from 'hono';
import { itemRequest, type ItemView } from '@outcry/shared/contracts/api.ts';
import { isItemId } from '@outcry/shared/domain/ids.ts';
import { claimId, fingerprintOf, itemDetails } from '../auctions/create-requests.ts';
import { sendProblem } from './answers.ts';
import { authenticate } from './authenticate.ts';
import type { GatewayContext } from './context.ts';
import type { GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { readBody } from './request-body.ts';
import { sendJson, setHeader } from './send.ts';

/** Creates and reads items. */
export function addItemRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  const { catalogue, shards } = parts;

  app.post('/v1/items', async (c) => {
    const authenticated = await authenticate(c, parts, 'seller');
    if (!authenticated.ok) return authenticated.response;
    const key = readIdempotencyKey(c);
    if (!key.ok) return key.response;
    const body = await readBody(c, itemRequest);
    if (!body.ok) return body.response;
    const { userId } = authenticated.caller;
    const claimed = await claimId(catalogue, {
      kind: 'i',
      shard: Math.floor(Math.random() * shards),
      userId,
      key: key.value,
      fingerprint: fingerprintOf('items', body.value),
    });
    if ('mismatch' in claimed) {
      const detail = 'This Idempotency-Key was used for a different request before.';
      return sendProblem(c, 'IDEMPOTENCY_MISMATCH', detail);
    }
    const item = itemDetails(claimed.id, body.value);
    await catalogue.addItem(item.id, userId, JSON.stringify(item));
    const view: ItemView = { ...item, sellerId: userId, auctionId: null };
    setHeader(c, 'location', `/v1/items/${item.id}`);
    if (claimed.replayed) setHeader(c, 'idempotency-replayed', 'true');
    return sendJson(c, view, 201);
  });

  app.get('/v1/items/:id', async (c) => {
    const id = c.req.param('id');
    const view = isItemId(id, shards) ? await catalogue.findItem(id) : undefined;
    if (view === undefined) return sendProblem(c, 'ITEM_NOT_FOUND', 'No item has this id.');
    return sendJson(c, view);
  });
}
