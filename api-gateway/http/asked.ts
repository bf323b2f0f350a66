/** What a user asks for beside bids, as the engine and the catalogue take it. */
import { homeShard } from '@outcry/shared/contracts/claims.ts';
import { shardedId, type CreatedKind } from '@outcry/shared/domain/ids.ts';
import { answerProblem, type Exchange, type Read } from '@outcry/shared/http/exchange.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import {
  newIdTail,
  READING,
  type Answer,
  type AuctionCommand,
} from '../bidding/auction-commands.ts';
import type { Commanded } from '../bidding/group-commit.ts';
import { saleViewFrom } from '../sales/sale-requests.ts';
import { answerRefusal } from './answers.ts';
import type { GatewayParts } from './gateway-parts.ts';

/** A user's request, as routes get it. */
export interface Asked {
  readonly x: Exchange;
  readonly caller: Caller;
  readonly key: string;
}

/** The same about an auction or a sale. */
export interface AskedOfOne extends Asked {
  readonly params: { readonly id: string };
}

/** What a command asks for; what is left out is none. */
export type Wish = Pick<AuctionCommand, 'kind' | 'fingerprint'> & Partial<AuctionCommand>;

/** A command of the caller. */
export const commandOf = ({ caller, key }: Asked, wish: Wish): AuctionCommand => ({
  ...READING,
  userId: caller.userId,
  admin: caller.roles.has('admin'),
  key,
  ...wish,
});

/** Has a command of the caller decided. @throws NotRunError, MayHaveRunError */
export const decide = (
  asked: AskedOfOne,
  { engine }: GatewayParts,
  wish: Wish,
  of?: Commanded,
): Promise<Answer> =>
  engine.ask(asked.params.id, commandOf(asked, wish), of, () => asked.x.outgoing.destroyed);

/** A sale as it is now, or the answer that there is none. */
export async function readSale(
  x: Exchange,
  { engine }: GatewayParts,
  saleId: string,
): Promise<Read<SaleView>> {
  const answer = await engine.ask(saleId, { ...READING, kind: 'read', userId: '' }, 'sale');
  return answer.code === 'OK'
    ? { ok: true, value: saleViewFrom(answer) }
    : { ok: false, answer: answerRefusal(x, answer.code, answer.body) };
}

/** Where a seller's items and sales are stored: together, because a lot is stored with its sale. */
export const sellersShard = ({ shards }: GatewayParts, { userId }: Caller): number =>
  homeShard(userId, shards, sha256);

/** An id for what the caller creates. */
export interface ClaimedId {
  readonly id: string;
  /** The same request came before. */
  readonly replayed: boolean;
}

/**
 * An id for what the caller creates, or the answer that refuses it. With an idempotency key a repeated
 * request gets the same one, so that creating twice finds what the first request created.
 * @param shard where it must live
 */
export async function claim(
  { x, caller, key }: Asked,
  { catalogue, maxPerSeller }: GatewayParts,
  kind: CreatedKind,
  shard: number,
  fingerprint: string,
): Promise<Read<ClaimedId>> {
  const { userId, roles } = caller;
  const id = shardedId(kind, shard, newIdTail());
  const most = roles.has('admin') ? 0 : maxPerSeller;
  const claimed = await catalogue.begin({ kind, userId, key, id, fingerprint }, most);
  if (claimed === undefined) {
    const detail =
      'Auctions make room some days after their end, items some days after their last auction.';
    return { ok: false, answer: answerProblem(x, 'QUOTA_REACHED', detail) };
  }
  if (claimed.fingerprint !== fingerprint) {
    return { ok: false, answer: answerRefusal(x, 'IDEMPOTENCY_MISMATCH', '') };
  }
  return { ok: true, value: { id: claimed.id, replayed: claimed.id !== id } };
}
