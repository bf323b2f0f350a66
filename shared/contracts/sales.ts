/** Shapes of sales in the HTTP API and in their books. Amounts are minor units, times ISO 8601. */

export const SALE_STATUSES = ['scheduled', 'live', 'paused', 'ended'] as const;
export type SaleStatus = (typeof SALE_STATUSES)[number];

export const REGISTRATION_KINDS = ['none', 'open', 'approval'] as const;
export type RegistrationKind = (typeof REGISTRATION_KINDS)[number];

export const REGISTRATION_STATUSES = ['pending', 'approved', 'refused', 'blocked'] as const;
export type RegistrationStatus = (typeof REGISTRATION_STATUSES)[number];

export const MAX_STAGGER_SECONDS = 3_600;
/** Also of an auction outside of sales. */
export const MAX_GRACE_SECONDS = 3_600;

/** What every lot of a sale has in common. */
export interface SaleTerms {
  readonly id: string;
  readonly sellerId: string;
  readonly title: string;
  readonly description?: string;
  readonly currency: string;
  /** When lots start that say nothing else; at once without it. */
  readonly startsAt?: string;
  readonly firstLotEndsAt: string;
  /** Each lot ends so long after the one before. */
  readonly staggerSeconds: number;
  readonly registration: RegistrationKind;
  /** What a bidder may owe in the sale who was given no other limit. */
  readonly defaultLimit?: number;
  readonly softClose: { readonly windowSeconds: number; readonly extendSeconds: number } | null;
  readonly graceSeconds: number;
}

/** A lot's place in its sale. */
export interface LotPlace {
  readonly lot: number;
  readonly auctionId: string;
}

/** `GET /v1/sales/{id}`. */
export interface SaleView extends SaleTerms {
  readonly status: SaleStatus;
  /** By lot number. */
  readonly lots: readonly LotPlace[];
  /** When the last lot ends. */
  readonly endsAt: string;
  readonly serverTime: string;
}

/** `POST /v1/sales`. */
export interface SaleRequest {
  readonly title: string;
  readonly description?: string | undefined;
  readonly currency: string;
  readonly startsAt?: string | undefined;
  readonly firstLotEndsAt: string;
  readonly staggerSeconds: number;
  readonly registration: RegistrationKind;
  readonly defaultLimit?: number | undefined;
  /** Null for none. Default: 30 s and 30 s. */
  readonly softClose?: SaleTerms['softClose'] | undefined;
  /** Default: 120. */
  readonly graceSeconds?: number | undefined;
}

/** `PATCH /v1/sales/{id}`: what is to be otherwise; null takes away what a sale need not have. */
export type SalePatch = {
  readonly [Name in keyof SaleRequest]?:
    | SaleRequest[Name]
    | (Name extends 'description' | 'startsAt' | 'defaultLimit' ? null : never)
    | undefined;
};

/** A bidder's admission to a sale, as that bidder sees it. */
export interface OwnRegistration {
  readonly paddle: number;
  readonly status: RegistrationStatus;
  /** Null for no limit. */
  readonly limit: number | null;
  /** Own maxima on lots led, and prices of lots won. */
  readonly committed: number;
  /** What of the limit is left; null without one. */
  readonly available: number | null;
}

/** The same as the seller and admins see it. */
export interface RegistrationView extends OwnRegistration {
  readonly userId: string;
}

/** `PUT /v1/sales/{id}/registrations/{paddle}`. */
export interface AdmissionRequest {
  readonly status: 'approved' | 'refused' | 'blocked';
  /** Null for no limit; without it the limit stays. */
  readonly limit?: number | null | undefined;
}

/** What became of a lot: `GET /v1/sales/{id}/results`. */
export interface LotResult extends LotPlace {
  readonly title: string;
  /** Null while the lot is open; `cancelled` for one that was. */
  readonly outcome: 'sold' | 'reserve_not_met' | 'no_bids' | 'cancelled' | null;
  /** The winner's, where the sale has paddles. */
  readonly paddle: number | null;
  /** What was paid; null unless sold. */
  readonly price: number | null;
  readonly currency: string;
}
