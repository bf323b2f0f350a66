import type { Position } from '@outcry/shared/contracts/live.ts';
import type {
  Webhook,
  WebhookDelivery,
  WebhookEvent,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';

/** How attempts that fail are repeated. */
export interface RetryPlan {
  /** The pause after the first failure, which doubles with each further one. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** A message that could not be delivered for so long since it was made is a dead letter. */
  readonly forMs: number;
  /** Who took a queue and said nothing for so long has lost it. Longer than an attempt takes. */
  readonly leaseMs: number;
}

/** What of an auction has arrived, and may be somebody's to be told of. */
export interface Arrival {
  readonly auctionId: string;
  /** What can be made of it; undefined: a new epoch, which is everybody's. */
  readonly names: ReadonlySet<WebhookEvent> | undefined;
}

/** Puts auctions into the queues of the webhooks that are told of them. */
export interface QueueBell {
  /** Whether there are any webhooks. */
  isHeard(): Promise<boolean>;
  /**
   * Rings for what arrived. What is not archived yet, and so cannot be told yet, is to ring again.
   * @returns up to where each auction is archived
   */
  ring(arrivals: readonly Arrival[]): Promise<ReadonlyMap<string, Position>>;
  /** Rings for auctions of the last day that are further archived than told. @returns how many queues */
  ringMissed(): Promise<number>;
}

/** One webhook's queue for one auction, for as long as nobody else takes it. */
export interface Claim {
  readonly webhookId: string;
  readonly auctionId: string;
  readonly lease: string;
}

/** A message, about to be sent. */
export interface Outgoing {
  readonly id: string;
  readonly url: string;
  /** Each signs. */
  readonly secrets: readonly string[];
  readonly payload: string;
  /** Failed attempts of this queue in a row. */
  readonly failures: number;
}

/** How an attempt ended: with an answer of the receiver, or without one. */
export interface AttemptEnd {
  readonly ms: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
}

export interface ClaimLimits {
  /** Queues at most. */
  readonly queues: number;
  /** Of one webhook at most, those in hand included. */
  readonly ofWebhook: number;
  /** Webhooks whose last attempt failed or took long, or all others. */
  readonly strained: boolean;
  /** Queues in hand by webhook. */
  readonly inHand: ReadonlyMap<string, number>;
}

export interface QueueStore {
  /** Takes queues that are due, those that wait longest first. */
  claim(limits: ClaimLimits): Promise<readonly Claim[]>;
  /**
   * The message to send now, which counts as an attempt that was begun; the lease begins anew.
   * @returns undefined when there is nothing to send, or the queue is somebody else's by now
   */
  next(claim: Claim): Promise<Outgoing | undefined>;
  /**
   * Notes how an attempt ended.
   * @returns whether the queue is still held, for its next message
   */
  settle(claim: Claim, message: Outgoing, end: AttemptEnd): Promise<boolean>;
  /** Gives a queue back, to be taken at once. */
  release(claim: Claim): Promise<void>;
  /** Removes what was kept long enough. */
  tidy(): Promise<void>;
  /** Messages that are due or wait for their next attempt, and dead letters. */
  backlog(): Promise<Backlog>;
}

export interface Backlog {
  readonly pending: number;
  readonly dead: number;
  /** Since when the oldest pending message has waited, s; 0 when there is none. */
  readonly oldestSeconds: number;
}

/** Brings messages to receivers. */
export interface Courier {
  /** One attempt, which ends within its time limit. Never rejects. */
  send(message: Outgoing): Promise<AttemptEnd>;
}

/** A webhook as it is registered. */
export interface Registration {
  readonly id: string;
  readonly ownerId: string;
  readonly forAdmin: boolean;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly auctionsOf: string | undefined;
  readonly secret: string;
  /** The idempotency key, or ''. */
  readonly key: string;
  /** What was asked for, as a hash of 64 hex digits. */
  readonly fingerprint: string;
}

/** Who asks for a webhook: its owner, or an admin, who may ask for all. */
export interface Asker {
  readonly userId: string;
  readonly isAdmin: boolean;
}

/** A list goes on behind this one. */
export interface WebhookPlace {
  /** µs since 1970. */
  readonly at: number;
  readonly id: string;
}

export type Replayed<T> = T & { readonly replayed: boolean };

export interface WebhookStore {
  /** 'mismatch': the key stands for another request; 'full': the owner has as many as one may have. */
  add(
    registration: Registration,
    most: number,
  ): Promise<Replayed<WebhookWithSecret> | 'mismatch' | 'full'>;
  list(
    asker: Asker,
    after: WebhookPlace | undefined,
    limit: number,
  ): Promise<readonly { readonly webhook: Webhook; readonly place: WebhookPlace }[]>;
  /** @returns false when there is none that the asker may see */
  remove(asker: Asker, id: string): Promise<boolean>;
  /** The secret of before signs for `overlapMs` more. */
  rotate(
    asker: Asker,
    id: string,
    secret: string,
    key: string,
    overlapMs: number,
  ): Promise<Replayed<WebhookWithSecret> | undefined>;
  /** Newest first; undefined when there is no such webhook that the asker may see. */
  deliveries(
    asker: Asker,
    id: string,
    before: number | undefined,
    limit: number,
  ): Promise<readonly { readonly delivery: WebhookDelivery; readonly place: number }[] | undefined>;
  /** Has it sent again, or at once where it waits. */
  redeliver(
    asker: Asker,
    id: string,
    deliveryId: string,
    key: string,
  ): Promise<Replayed<WebhookDelivery> | undefined>;
}

/** What delivering tells those who watch it. */
export interface DeliveryFigures {
  attempted(end: AttemptEnd, ok: boolean): void;
  inFlight(count: number): void;
  backlog(backlog: Backlog | undefined): void;
}
