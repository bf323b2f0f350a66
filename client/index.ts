/** What programs outside this repository get: `npm run build:package` makes the package of it. */
export { AdminClient } from './admin-client.ts';
export { LiveFeed, type LiveFeedOptions, type WatchOptions } from './live-feed.ts';
export type { LiveStep } from './merge-live.ts';
export {
  OutcryClient,
  type AuctionQuery,
  type DevToken,
  type PageQuery,
  type ReportOptions,
} from './outcry-client.ts';
export { SaleClient, type SaleQuery } from './sale-client.ts';
export type { OutcryClientOptions } from './services.ts';
export { WebhookClient } from './webhook-client.ts';
export { OutcryError } from './outcry-error.ts';
export { newIdempotencyKey, type CommandOptions, type TokenSource } from './http-transport.ts';
export type { ServerClock } from './server-clock.ts';
export type {
  AuctionListener,
  UserNotice,
  WatchConnection,
  WatchedAuction,
} from './watched-auction.ts';
export type {
  AuctionRequest,
  AuctionView,
  BidReceipt,
  BidRequest,
  ItemRequest,
  ItemView,
  OwnView,
  Page,
  PublicConfig,
} from '@outcry/shared/contracts/api.ts';
export type { PublicEvent, PublicState } from '@outcry/shared/contracts/events.ts';
export type {
  ArchivedAuction,
  ArchivedBid,
  ArchivedSale,
  ArchivedSaleWithLots,
  KeptNotice,
  KeptNotices,
  Leaderboard,
  NextStep,
  OwnAuction,
  OwnBid,
  Proof,
  ReadNotice,
  RecordEntry,
  Saved,
  SavedAuction,
  UserStats,
} from '@outcry/shared/contracts/history.ts';
export type { Position } from '@outcry/shared/contracts/live.ts';
export type { Problem, ProblemCode } from '@outcry/shared/contracts/problems.ts';
export type {
  AdmissionRequest,
  LotResult,
  OwnRegistration,
  RegistrationView,
  SaleRequest,
  SaleView,
} from '@outcry/shared/contracts/sales.ts';
