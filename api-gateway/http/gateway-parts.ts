import type { PublicConfig } from '@outcry/shared/contracts/api.ts';
import type { Authentication } from '@outcry/shared/http/authenticate.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { Catalogue } from '../auctions/catalogue.ts';
import type { ReadAuctions } from '../auctions/read-auctions.ts';
import type { SharedLists } from '../auctions/shared-lists.ts';
import type { GroupCommit } from '../bidding/group-commit.ts';
import type { RecentHeads } from '../bidding/recent-heads.ts';
import type { ReadSales } from '../sales/read-sales.ts';
import type { devTokenSigner } from './dev-tokens.ts';
import type { FollowBid } from './follow-bids.ts';

/** What the routes work with; create-gateway.ts puts it together. */
export interface GatewayParts extends Authentication {
  readonly engine: GroupCommit;
  readonly heads: RecentHeads;
  readonly reads: ReadAuctions;
  readonly catalogue: Catalogue;
  readonly lists: SharedLists;
  readonly sales: ReadSales;
  readonly shards: number;
  /** Auctions, and items, that Redis keeps of one user at most; 0 for any number. */
  readonly maxPerSeller: number;
  readonly publicConfig: PublicConfig;
  readonly corsOrigins: readonly string[];
  /** Signs tokens for demo users; undefined unless AUTH_MODE=dev. */
  readonly signDevToken: ReturnType<typeof devTokenSigner> | undefined;
  /** Undefined when bids are neither traced nor logged. */
  readonly followBid: FollowBid | undefined;
  readonly log: Logger;
}
