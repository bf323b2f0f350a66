/** Messages between broadcast-service and viewers. */
import type { AuctionView, BidReceipt, BidRequest } from './api.ts';
import type { PublicEvent, PublicState } from './events.ts';
import type { Problem } from './problems.ts';

/** A place in an auction's history. */
export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/**
 * From so long before its end on, and until it has ended, the viewers of an auction are told
 * something at least every {@link LONGEST_SILENCE_MS}: who hears nothing has a dead connection.
 */
export const LAST_MINUTES_MS = 180_000;
export const LONGEST_SILENCE_MS = 2_000;

/** @param now by the deciding clock, ms */
export const isInLastMinutes = (
  { status, endsAt }: Pick<PublicState, 'status' | 'endsAt'>,
  now: number,
): boolean => status === 'live' && Date.parse(endsAt) - now <= LAST_MINUTES_MS;

/** Negative when `a` comes before `b`. */
export const comparePositions = (a: Position, b: Position): number =>
  a.epoch - b.epoch || a.seq - b.seq;

export type Ack<T> =
  | { readonly ok: true; readonly data: T }
  | { readonly ok: false; readonly problem: Problem };

export interface WatchRequest {
  readonly auctionId: string;
  /** The last position the client has; it gets what came after it. */
  readonly after?: Position;
  /**
   * Whether this is somebody who looks at the auction (the default), not one who only has it in a
   * list. Who is not counted is not told how many watch.
   */
  readonly counted?: boolean;
}

/** With `recovered: false` the client replaces all it had by `auction`; `events` is then empty. */
export interface WatchData {
  readonly auction: AuctionView;
  readonly events: readonly PublicEvent[];
  readonly recovered: boolean;
}

/**
 * New events of a watched auction. `state` is absolute and belongs to `seq`; `events` may lack
 * some or all events up to `seq` for a slow reader. The decide script writes exactly these bytes.
 */
export interface EventsMessage extends Position {
  readonly auctionId: string;
  readonly events: readonly PublicEvent[];
  readonly state: PublicState;
  readonly serverTime: string;
}

/** When the number changes; and in an auction's last minutes also to break a silence. */
export interface PresenceMessage {
  readonly auctionId: string;
  readonly viewers: number;
}

/** To one user's sockets only. */
export interface OutbidMessage {
  readonly auctionId: string;
  readonly price: number;
  /** Null when nobody can go higher. */
  readonly minimumBid: number | null;
}

export interface WonMessage {
  readonly auctionId: string;
  readonly price: number;
}

/**
 * What `GET /v1/auctions/{id}/me` says to this user has changed by a bid of the user's own, made
 * here or on another device. A hint without the secret itself: read it again.
 */
export interface OwnMessage {
  readonly auctionId: string;
}

/**
 * What the history API keeps for this user (the watchlist, which notices are read) has changed, on this device or another one.
 * A hint: read it again.
 */
export type KeptMessage = Record<string, never>;

/** From whoever runs the system to everybody who is connected, signed in or not. */
export interface AnnouncementMessage {
  readonly text: string;
}

/** What one user is told; the script publishes it as a record on an internal channel: records.ts. */
export type Notice =
  | ({ readonly type: 'outbid'; readonly userId: string } & OutbidMessage)
  | ({ readonly type: 'won'; readonly userId: string } & WonMessage)
  | ({ readonly type: 'own'; readonly userId: string } & OwnMessage);

/** A bid over the socket; the broadcaster forwards it to the gateway with the user's token. */
export type LiveBidRequest = BidRequest & {
  readonly auctionId: string;
  readonly idempotencyKey?: string;
};

/** A newer token of the user whose token the connection was opened with. */
export interface AuthenticateRequest {
  readonly token: string;
}

/** Socket.IO events that viewers send. */
export interface FromViewer {
  authenticate(request: AuthenticateRequest, ack: (answer: Ack<null>) => void): void;
  watch(request: WatchRequest, ack: (answer: Ack<WatchData>) => void): void;
  unwatch(request: { readonly auctionId: string }, ack?: (answer: Ack<null>) => void): void;
  bid(request: LiveBidRequest, ack: (answer: Ack<BidReceipt>) => void): void;
}

/** Socket.IO events that viewers receive. */
export interface ToViewer {
  events(message: EventsMessage): void;
  presence(message: PresenceMessage): void;
  outbid(message: OutbidMessage): void;
  won(message: WonMessage): void;
  own(message: OwnMessage): void;
  kept(message: KeptMessage): void;
  announcement(message: AnnouncementMessage): void;
}
