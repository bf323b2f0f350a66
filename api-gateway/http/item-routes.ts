import type { Hono } from 'hono';
import type { ItemView } from '@outcry/shared/contracts/api.ts';
import { itemRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { isItemId } from '@outcry/shared/domain/ids.ts';
import { claimId, fingerprintOf, itemDetails } from '../auctions/create-requests.ts';
import { answerClaimRefusal, answerProblem } from './answers.ts';
import { authenticate } from './authenticate.ts';
import { pathPart, route, type GatewayContext } from './context.ts';
import { mostCreations, type GatewayParts } from './gateway-parts.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { readBody } from './request-body.ts';
import { answerJson, setHeader } from './exchange.ts';

/** Creates and reads items. */
export function addItemRoutes(app: Hono<GatewayContext>, parts: GatewayParts): void {
  const { catalogue, shards } = parts;

  app.post(
    '/v1/items',
    route(async (x) => {
      const authenticated = await authenticate(x, parts, 'seller');
      if (!authenticated.ok) return authenticated.answer;
      const key = readIdempotencyKey(x);
      if (!key.ok) return key.answer;
      const body = await readBody(x, itemRequest);
      if (!body.ok) return body.answer;
      const { userId } = authenticated.caller;
      const claimed = await claimId(
        catalogue,
        {
          kind: 'i',
          shard: Math.floor(Math.random() * shards),
          userId,
          key: key.value,
          fingerprint: fingerprintOf('items', body.value),
        },
        mostCreations(parts, authenticated.caller),
      );
      if ('refusal' in claimed) return answerClaimRefusal(x, claimed.refusal);
      const item = itemDetails(claimed.id, body.value);
      await catalogue.addItem(item.id, userId, JSON.stringify(item));
      const view: ItemView = { ...item, sellerId: userId, auctionId: null };
      setHeader(x, 'location', `/v1/items/${item.id}`);
      if (claimed.replayed) setHeader(x, 'idempotency-replayed', 'true');
      return answerJson(x, view, 201);
    }),
  );

  app.get(
    '/v1/items/:id',
    route(async (x, c) => {
      const id = pathPart(c, 'id');
      const view = isItemId(id, shards) ? await catalogue.findItem(id) : undefined;
      if (view === undefined) return answerProblem(x, 'ITEM_NOT_FOUND', 'No item has this id.');
      return answerJson(x, view);
    }),
  );
}
