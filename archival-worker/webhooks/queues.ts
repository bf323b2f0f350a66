/**
 * The queues of webhooks. A queue holds what one webhook is told of one auction; it is leased, so that several
 * processes share them.
 */
import { randomBytes } from 'node:crypto';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { DeliveryStatus, WebhookEvent } from '@outcry/shared/contracts/webhooks.ts';
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import { column } from '../adapters/postgres/columns.ts';
import { sql, type Database } from '../adapters/postgres/database.ts';
import { isStrained, isTaken, type AttemptEnd, type Outgoing } from './https-courier.ts';
import { isOf, NextMessage, type Claim, type WebhookRow } from './next-message.ts';

/** What has ended is kept so long, and so many of each webhook. */
const KEPT_DAYS = 30;
const MOST_KEPT = 10_000;
const REMOVED_AT_ONCE = 5_000;
/** The look at what was missed goes back so long. */
const MISSED_DAYS = 1;
const MAX_COUNTED = 100_000;

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

export interface Backlog {
  readonly pending: number;
  readonly dead: number;
  /** Since when the oldest pending message has waited, s; 0 when there is none. */
  readonly oldestSeconds: number;
}

export class WebhookQueues {
  readonly #database: Database;
  readonly #plan: RetryPlan;

  constructor(database: Database, plan: RetryPlan) {
    this.#database = database;
    this.#plan = plan;
  }

  /** Whether there are any webhooks. */
  async isHeard(): Promise<boolean> {
    return (await this.#database.ask`SELECT FROM webhooks LIMIT 1`).length > 0;
  }

  /**
   * Rings for what arrived. What is not archived yet, and so cannot be told yet, is to ring again.
   * @returns up to where each auction is archived
   */
  async ring(arrivals: readonly Arrival[]): Promise<ReadonlyMap<string, Position>> {
    if (arrivals.length === 0) return new Map();
    // Before the bell rings: whoever looks for what is archived by now finds it.
    const reached = await this.#database.ask<({ id: string } & Position)[]>`
      SELECT id, archived_epoch AS epoch, archived_seq AS seq
        FROM (${sold}) AS sold
       WHERE id = ANY (string_to_array(${column(arrivals, (each) => each.auctionId)}, E'\n'))`;
    await this.#database.ask`
      INSERT INTO webhook_queues (webhook_id, auction_id, due_at)
      SELECT webhooks.id, sold.id, now()
        FROM unnest(
               string_to_array(${column(arrivals, (each) => each.auctionId)}, E'\n'),
               string_to_array(${column(arrivals, namesOrAll)}, E'\n')
             ) AS arrived (auction_id, names)
        JOIN (${sold}) AS sold ON sold.id = arrived.auction_id
        JOIN webhooks ON webhooks.seller_id IS NULL OR webhooks.seller_id = sold.seller_id
       WHERE names = ${ALL}
          OR string_to_array(names, ' ') && string_to_array(webhooks.events, ' ')
       ORDER BY webhooks.id, sold.id
      ${RUNG}`;
    return new Map(reached.map(({ id, ...place }) => [id, place]));
  }

  /** Rings for auctions of the last day that are further archived than told. @returns how many queues */
  async ringMissed(): Promise<number> {
    if (!(await this.isHeard())) return 0;
    const rung = await this.#database.ask`
      INSERT INTO webhook_queues (webhook_id, auction_id, due_at)
      SELECT webhooks.id, sold.id, now()
        FROM (${sold}) AS sold
        JOIN webhooks ON webhooks.seller_id IS NULL OR webhooks.seller_id = sold.seller_id
        LEFT JOIN webhook_queues AS queue
          ON (queue.webhook_id, queue.auction_id) = (webhooks.id, sold.id)
       WHERE (sold.status NOT IN ('ended', 'cancelled')
              OR sold.changed_at > now() - make_interval(days => ${MISSED_DAYS}))
         AND sold.changed_at >= webhooks.created_at
         AND queue.due_at IS NULL
         AND (coalesce(queue.epoch, 0), coalesce(queue.seq, 0)) < (archived_epoch, archived_seq)
       ORDER BY webhooks.id, sold.id
      ${RUNG}`;
    return rung.count;
  }

  /** Takes queues that are due, those that wait longest first. */
  claim({ queues, ofWebhook, strained, inHand }: ClaimLimits): Promise<readonly Claim[]> {
    const lease = randomBytes(12).toString('hex');
    const busy = [...inHand];
    return this.#database.ask<Claim[]>`
      WITH due AS (
        SELECT queue.webhook_id, queue.auction_id
          FROM webhooks
          LEFT JOIN unnest(
                 string_to_array(${column(busy, ([id]) => id)}, E'\n'),
                 string_to_array(${column(busy, ([, count]) => count)}, E'\n')::bigint[]
               ) AS busy (webhook_id, count) ON busy.webhook_id = webhooks.id
         CROSS JOIN LATERAL (
                SELECT webhook_id, auction_id, due_at
                  FROM webhook_queues
                 WHERE webhook_id = webhooks.id AND due_at <= now()
                 ORDER BY due_at
                 LIMIT greatest(0, ${ofWebhook} - coalesce(busy.count, 0))
                   FOR UPDATE SKIP LOCKED) AS queue
         WHERE webhooks.strained = ${strained}
         ORDER BY queue.due_at
         LIMIT ${queues})
      UPDATE webhook_queues
         SET due_at = now() + ${this.#plan.leaseMs}::float8 * interval '1 millisecond',
             leased_by = ${lease}
        FROM due
       WHERE webhook_queues.webhook_id = due.webhook_id
         AND webhook_queues.auction_id = due.auction_id
      RETURNING webhook_queues.webhook_id, webhook_queues.auction_id, leased_by AS lease`;
  }

  /**
   * The message to send now, which counts as an attempt that was begun; the lease begins anew.
   * @returns undefined when there is nothing to send, or the queue is somebody else's by now
   */
  next(claim: Claim): Promise<Outgoing | undefined> {
    return this.#database.begin(async (tx) => {
      const [queue] = await tx<(Position & Pick<Outgoing, 'failures'>)[]>`
        UPDATE webhook_queues
           SET due_at = now() + ${this.#plan.leaseMs}::float8 * interval '1 millisecond'
         WHERE ${isOf(claim)}
        RETURNING epoch, seq, failures`;
      const [webhook] = await tx<WebhookRow[]>`
        SELECT url, events, for_admin, secret, created_at,
               CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret
          FROM webhooks WHERE id = ${claim.webhookId}`;
      if (queue === undefined || webhook === undefined) return undefined;
      const message = await new NextMessage(tx, claim, webhook).after(queue);
      if (message === undefined || message === 'later') {
        await tx`
          UPDATE webhook_queues
             SET due_at = CASE WHEN ${message === 'later'} THEN now() END, leased_by = NULL
           WHERE ${isOf(claim)}`;
        return undefined;
      }
      await tx`UPDATE webhook_deliveries SET attempts = attempts + 1 WHERE id = ${message.id}`;
      const { url, secret, previousSecret } = webhook;
      return {
        ...message,
        url,
        secrets: previousSecret === null ? [secret] : [secret, previousSecret],
        failures: queue.failures,
      };
    });
  }

  /** Notes how an attempt ended. @returns whether the queue is still held, for its next message */
  async settle(claim: Claim, message: Outgoing, end: AttemptEnd): Promise<boolean> {
    const { firstMs, mostMs, forMs } = this.#plan;
    const ok = isTaken(end);
    const { isHeld, recovered: isBack } = await this.#database.begin(async (tx) => {
      const held = await tx`
        SELECT FROM webhook_queues WHERE ${isOf(claim)} FOR UPDATE`;
      if (held.length === 0) return { isHeld: false, recovered: false };
      const [noted] = await tx<{ status: DeliveryStatus }[]>`
        UPDATE webhook_deliveries
           SET status = CASE WHEN ${ok} THEN 'delivered'
                             WHEN at <= now() - ${forMs}::float8 * interval '1 millisecond'
                             THEN 'dead' ELSE 'pending' END,
               delivered_at = CASE WHEN ${ok} THEN now() END,
               last_at = now(), last_ms = ${end.ms},
               last_status = ${end.status ?? null}, last_error = ${end.error ?? null}
         WHERE id = ${message.id}
        RETURNING status`;
      // After a dead letter the next message gets its own attempts.
      const failures = noted?.status === 'pending' ? message.failures + 1 : 0;
      const pauseMs = backoffMs(Math.max(1, failures), firstMs, mostMs);
      await tx`
        UPDATE webhook_queues
           SET failures = ${failures},
               due_at = CASE WHEN ${ok} THEN due_at
                             ELSE now() + ${pauseMs}::float8 * interval '1 millisecond' END,
               leased_by = CASE WHEN ${ok} THEN leased_by END
         WHERE ${isOf(claim)}`;
      const changed = await tx`
        UPDATE webhooks SET strained = ${isStrained(end)}
         WHERE id = ${claim.webhookId} AND strained <> ${isStrained(end)}
        RETURNING id`;
      const recovered = ok && (changed.length > 0 || message.failures > 0);
      return { isHeld: true, recovered };
    });
    if (isBack) await this.#hurry(claim.webhookId);
    return isHeld && ok;
  }

  /** Gives a queue back, to be taken at once. */
  async release(claim: Claim): Promise<void> {
    await this.#database.ask`
      UPDATE webhook_queues SET due_at = now(), leased_by = NULL WHERE ${isOf(claim)}`;
  }

  /** Removes what was kept long enough. */
  async tidy(): Promise<void> {
    await this.#database.ask`
      DELETE FROM webhook_deliveries
       WHERE id IN (SELECT id FROM webhook_deliveries
                     WHERE created_at < now() - make_interval(days => ${KEPT_DAYS})
                       AND status <> 'pending'
                     LIMIT ${REMOVED_AT_ONCE})`;
    await this.#database.ask`
      DELETE FROM webhook_deliveries
       WHERE id IN (
         SELECT old.id
           FROM webhooks
          CROSS JOIN LATERAL (
                 SELECT place FROM webhook_deliveries
                  WHERE webhook_id = webhooks.id
                  ORDER BY place DESC OFFSET ${MOST_KEPT} LIMIT 1) AS edge
           JOIN webhook_deliveries AS old
             ON old.webhook_id = webhooks.id AND old.place <= edge.place
          WHERE old.status <> 'pending'
          LIMIT ${REMOVED_AT_ONCE})`;
    // Nothing rings for an auction that was over so long ago: JetStream keeps its events for a week.
    await this.#database.ask`
      DELETE FROM webhook_queues
       WHERE (webhook_id, auction_id) IN (
         SELECT webhook_id, auction_id
           FROM webhook_queues AS queue
           JOIN auctions ON auctions.id = queue.auction_id
          WHERE status IN ('ended', 'cancelled')
            AND changed_at < now() - make_interval(days => ${KEPT_DAYS})
            AND due_at IS NULL
            AND NOT EXISTS (SELECT FROM webhook_deliveries AS kept
                             WHERE (kept.webhook_id, kept.auction_id)
                                 = (queue.webhook_id, queue.auction_id))
          LIMIT ${REMOVED_AT_ONCE})`;
  }

  /** Messages that are due or wait for their next attempt, and dead letters. */
  async backlog(): Promise<Backlog> {
    const [row] = await this.#database.ask<Backlog[]>`
      SELECT (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                                     WHERE status = 'pending' LIMIT ${MAX_COUNTED}) AS counted)
               AS pending,
             (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                                     WHERE status = 'dead' LIMIT ${MAX_COUNTED}) AS counted)
               AS dead,
             (SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8
                FROM webhook_deliveries WHERE status = 'pending') AS oldest_seconds`;
    return row ?? { pending: 0, dead: 0, oldestSeconds: 0 };
  }

  /** A receiver that answers again need not wait for the pauses that its failures made. */
  async #hurry(webhookId: string): Promise<void> {
    await this.#database.ask`
      UPDATE webhook_queues SET due_at = now()
       WHERE (webhook_id, auction_id) IN (
         SELECT webhook_id, auction_id FROM webhook_queues
          WHERE webhook_id = ${webhookId} AND leased_by IS NULL AND due_at > now()
            FOR UPDATE SKIP LOCKED)`;
  }
}

/** Auctions and sales whose first event is archived, with who sells. */
const sold = sql`
  SELECT auctions.id, coalesce(auctions.seller_id, sales.seller_id) AS seller_id, status, changed_at,
         archived_epoch, archived_seq
    FROM auctions LEFT JOIN sales USING (id)
   WHERE auctions.seller_id IS NOT NULL OR sales.seller_id IS NOT NULL`;

/** A queue that is due already stays so. */
const RUNG = sql`
  ON CONFLICT (webhook_id, auction_id) DO UPDATE
     SET due_at = coalesce(webhook_queues.due_at, now())`;

const ALL = '*';
const namesOrAll = ({ names }: Arrival): string =>
  names === undefined ? ALL : [...names].join(' ');
