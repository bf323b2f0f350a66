/** What a user asks for beside bids, as the engine and the catalogue take it. */
import { homeShard } from '@outcry/shared/contracts/claims.ts';
import type { CreatedKind } from '@outcry/shared/domain/ids.ts';
import { answerProblem, type Exchange, type Read } from '@outcry/shared/http/exchange.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import { claimId, type ClaimedId } from '../auctions/create-requests.ts';
import type { AuctionCommand } from '../bidding/auction-commands.ts';
import { REFUSAL_DETAILS } from './answers.ts';
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
  userId: caller.userId,
  admin: caller.roles.has('admin'),
  amount: 0,
  maxAmount: 0,
  key,
  ...wish,
});

/** Where a seller's items and sales are stored: together, because a lot is stored with its sale. */
export const sellersShard = ({ shards }: GatewayParts, { userId }: Caller): number =>
  homeShard(userId, shards, sha256);

/** An id for what the caller creates, or the answer that refuses it. @param shard where it must live */
export async function claim(
  { x, caller, key }: Asked,
  { catalogue, maxPerSeller }: GatewayParts,
  kind: CreatedKind,
  shard: number,
  fingerprint: string,
): Promise<Read<ClaimedId>> {
  const { userId, roles } = caller;
  const most = roles.has('admin') ? 0 : maxPerSeller;
  const claimed = await claimId(catalogue, shard, { kind, userId, key, fingerprint }, most);
  if (typeof claimed !== 'string') return { ok: true, value: claimed };
  const detail =
    claimed === 'QUOTA_REACHED'
      ? 'Auctions make room some days after their end, items some days after their last auction.'
      : REFUSAL_DETAILS[claimed];
  return { ok: false, answer: answerProblem(x, claimed, detail) };
}
