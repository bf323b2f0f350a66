/** Webhooks: what can be asked for, and what registering and listing them answers. Types alone. */
import type { PageQuery } from './api.ts';
import type { Position } from './live.ts';

/** What can be asked for. Which events make it: archival-worker/webhooks/messages.ts. */
export const WEBHOOK_EVENTS = [
  'auction.started',
  'auction.ended',
  'auction.cancelled',
  'bid.accepted',
  'bidder.outbid',
  'bidder.won',
  'sale.ended',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Sent without being asked for: what a webhook was told of an auction, or a sale, and does not hold any more. */
export const ROLLED_BACK = 'auction.rolled_back';

/** `POST /v1/webhooks` */
export interface WebhookRequest {
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** A seller's id: only that seller's auctions. Sellers get their own in any case. */
  readonly auctionsOf?: string | undefined;
}

export interface Webhook {
  readonly id: string;
  readonly ownerId: string;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  /** Null: everybody's. */
  readonly auctionsOf: string | null;
  readonly createdAt: string;
  /** Until when the secret before the newest one signs as well; null where there is none. */
  readonly previousSecretUntil: string | null;
}

/** What only the call that made it is told. */
export interface WebhookWithSecret extends Webhook {
  /** `whsec_` and base64, as the Standard Webhooks specification has it. */
  readonly secret: string;
}

/** `dead`: given up after three days; it can be sent again. */
export type DeliveryStatus = 'pending' | 'delivered' | 'dead';

export interface WebhookDelivery extends Position {
  /** The header `webhook-id`, the same in every attempt. */
  readonly id: string;
  readonly type: WebhookEvent | typeof ROLLED_BACK;
  /** Of `sale.ended` the sale's. */
  readonly auctionId: string;
  readonly status: DeliveryStatus;
  /** When it happened. */
  readonly at: string;
  /** Attempts that were begun. */
  readonly attempts: number;
  /** The newest attempt that has ended. */
  readonly lastAttempt: {
    readonly at: string;
    /** How long it took. */
    readonly ms: number;
    /** The answer's HTTP status; null where none came. */
    readonly status: number | null;
    /** Why none came. */
    readonly error: string | null;
  } | null;
  readonly deliveredAt: string | null;
}

export type WebhookListQuery = PageQuery;
