import type { ItemView } from '@outcry/shared/contracts/api.ts';
import { itemView } from '@outcry/shared/contracts/api-answers.ts';
import { itemRequest } from '@outcry/shared/contracts/api-schemas.ts';
import { answerJson, answerProblem, setHeader } from '@outcry/shared/http/exchange.ts';
import { route, type Route } from '@outcry/shared/http/route.ts';
import { fingerprintOf, itemDetails } from '../auctions/create-requests.ts';
import { claim, sellersShard } from './asked.ts';
import { AUCTION, ITEM } from './examples.ts';
import type { GatewayParts } from './gateway-parts.ts';

const LAMP = { title: ITEM.title, description: 'About 1920, rewired.' };

/** Items. */
export const ITEM_ROUTES: readonly Route<GatewayParts>[] = [
  route(
    {
      method: 'post',
      path: '/v1/items',
      name: 'createItem',
      summary: 'Stores an item that can be put up for auction later',
      who: 'seller',
      idempotent: true,
      body: itemRequest,
      answer: { status: 201, schema: itemView },
      refusals: ['QUOTA_REACHED'],
      example: { body: LAMP, answer: { ...ITEM, ...LAMP, sellerId: 'sam', auctionId: null } },
    },
    async (asked, parts: GatewayParts) => {
      const { x, body, caller } = asked;
      const shard = sellersShard(parts, caller);
      const claimed = await claim(asked, parts, 'i', shard, fingerprintOf('items', body));
      if (!claimed.ok) return claimed.answer;
      const item = itemDetails(claimed.value.id, body);
      await parts.catalogue.addItem(item.id, caller.userId, JSON.stringify(item));
      const view: ItemView = { ...item, sellerId: caller.userId, auctionId: null };
      setHeader(x, 'location', `/v1/items/${item.id}`);
      if (claimed.value.replayed) setHeader(x, 'idempotency-replayed', 'true');
      return answerJson(x, view, 201);
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/items/{id}',
      name: 'readItem',
      summary: 'An item, and the auction that holds it now',
      who: 'anyone',
      answer: { status: 200, schema: itemView },
      refusals: ['ITEM_NOT_FOUND'],
      example: { answer: { ...ITEM, sellerId: 'sam', auctionId: AUCTION.id } },
    },
    async ({ x, params }, { catalogue }: GatewayParts) => {
      const view = await catalogue.findItem(params.id);
      if (view === undefined) return answerProblem(x, 'ITEM_NOT_FOUND', 'No item has this id.');
      return answerJson(x, view);
    },
  ),
];
