/** A new auction, by itself or as a lot of a sale. */
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import { ownItemOf, shardOfId } from '@outcry/shared/domain/ids.ts';
import {
  answerProblem,
  setHeader,
  type Exchange,
  type HttpAnswer,
  type Read,
} from '@outcry/shared/http/exchange.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { fingerprintOf, itemDetails, newAuction } from '../auctions/create-requests.ts';
import type { Answer } from '../bidding/auction-commands.ts';
import { auctionViewFrom } from '../bidding/parse-answers.ts';
import { lotRequest, nextLot } from '../sales/sale-requests.ts';
import { answerDecided } from './answers.ts';
import { claim, commandOf, readSale, type Asked } from './asked.ts';
import type { GatewayParts } from './gateway-parts.ts';

/** So often a lot without a number of its own tries for the next one, where others are as quick. */
const TRIES_FOR_A_NUMBER = 5;

export async function createAuction(
  asked: Asked & { readonly body: AuctionRequest },
  parts: GatewayParts,
): Promise<HttpAnswer> {
  const { x, caller, body: request } = asked;
  const { saleId } = request;
  const sale = saleId === undefined ? undefined : await readSale(x, parts, saleId);
  if (sale?.ok === false) return sale.answer;
  const stored =
    request.itemId === undefined ? undefined : await findItem(x, parts, request.itemId, caller);
  if (stored?.ok === false) return stored.answer;
  const { item: storedItem } = stored?.value ?? {};
  const homes = [storedItem?.id, saleId].flatMap((id) => shardOfId(id ?? '', parts.shards) ?? []);
  const [shard = Math.floor(Math.random() * parts.shards), other = shard] = homes;
  if (other !== shard) return answerElsewhere(x);
  // A lot is sold by its sale's seller, whoever puts it there for them.
  const mayList = caller.roles.has('admin') || sale?.value.sellerId === caller.userId;
  if (sale !== undefined && !mayList) {
    return answerProblem(x, 'NOT_SELLER', 'The sale belongs to another seller.');
  }
  const fingerprint = fingerprintOf('auctions', request);
  const claimed = await claim(asked, parts, 'a', shard, fingerprint);
  if (!claimed.ok) return claimed.answer;
  const { id } = claimed.value;
  // The item of an inline request is named after its auction: the same request, the same item.
  const item = storedItem ?? newItemOf(id, request);
  const sellerId = sale?.value.sellerId ?? stored?.value.sellerId ?? caller.userId;
  const create = (completed: AuctionRequest): Promise<Answer> => {
    const creation = newAuction(id, item, sellerId, completed);
    return parts.engine.ask(id, commandOf(asked, { kind: 'create', fingerprint, creation }));
  };
  const created =
    sale === undefined
      ? await create(request)
      : await createLot(x, parts, sale.value, request, create);
  if ('status' in created) return created;
  return answerDecided(x, created, 201, (answer) => {
    setHeader(x, 'location', `/v1/auctions/${id}`);
    return JSON.stringify(auctionViewFrom(answer));
  });
}

/** The sale may change between the look at it and the script call, and then it is looked at again. */
async function createLot(
  x: Exchange,
  parts: GatewayParts,
  sale: SaleView,
  request: AuctionRequest,
  create: (completed: AuctionRequest) => Promise<Answer>,
): Promise<Answer | HttpAnswer> {
  let known = sale;
  for (let tries = 1; ; tries += 1) {
    if (request.currency !== undefined && request.currency !== known.currency) {
      return answerProblem(x, 'INVALID_REQUEST', 'The lots of a sale share its currency.', {
        errors: [{ path: 'currency', message: `must be the sale's: ${known.currency}` }],
      });
    }
    const answer = await create(lotRequest(request, known, request.lot ?? nextLot(known)));
    const { code } = answer;
    const isLate = code === 'SALE_CHANGED' || (code === 'LOT_TAKEN' && request.lot === undefined);
    if (!isLate || tries === TRIES_FOR_A_NUMBER) return answer;
    const again = await readSale(x, parts, sale.id);
    if (!again.ok) return again.answer;
    known = again.value;
  }
}

/** An admin may sell another's item for them: they stay its seller, who may not bid on it. */
async function findItem(
  x: Exchange,
  parts: GatewayParts,
  itemId: string,
  caller: Caller,
): Promise<Read<{ readonly item: ItemDetails; readonly sellerId: string }>> {
  const found = await parts.catalogue.findItem(itemId);
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

/** All lots of a sale are in one shard, so that one script call can see them. */
function answerElsewhere(x: Exchange): HttpAnswer {
  const message = 'is stored apart from the sale: send the item itself instead of its id';
  return answerProblem(x, 'INVALID_REQUEST', 'The item cannot become a lot of this sale.', {
    errors: [{ path: 'itemId', message }],
  });
}

function newItemOf(auctionId: string, { item }: AuctionRequest): ItemDetails {
  if (item === undefined) throw new Error('the request names no item');
  return itemDetails(ownItemOf(auctionId), item);
}
