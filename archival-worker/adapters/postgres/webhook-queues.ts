/** The queues of webhooks, and the messages that are made from the archive when their turn comes. */
import { randomBytes } from 'node:crypto';
import type { Position } from '@outcry/shared/contracts/live.ts';
import {
  ROLLED_BACK,
  type DeliveryStatus,
  type WebhookEvent,
} from '@outcry/shared/contracts/webhooks.ts';
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import {
  messagesOf,
  rollBackMessage,
  typesFor,
  type Listener,
  type Message,
  type ToldAuction,
} from '../../webhooks/messages.ts';
import type {
  Arrival,
  AttemptEnd,
  Backlog,
  Claim,
  ClaimLimits,
  Outgoing,
  QueueBell,
  QueueStore,
  RetryPlan,
} from '../../webhooks/ports.ts';
import { isStrained, isTaken } from '../../webhooks/send-deliveries.ts';
import { column } from './columns.ts';
import type { Database, Sql, Tx } from './database.ts';

/** Events that one statement looks at, and such statements that one transaction makes. */
const EVENTS_AT_ONCE = 100;
const LOOKS = 20;
/** Messages that a roll-back names. */
const MOST_VOIDED = 1_000;
/** What has ended is kept so long, and so many of each webhook. */
const KEPT_DAYS = 30;
const MOST_KEPT = 10_000;
const REMOVED_AT_ONCE = 5_000;
/** The look at what was missed goes back so long. */
const MISSED_DAYS = 1;
const MAX_COUNTED = 100_000;

export class WebhookQueues implements QueueBell, QueueStore {
  readonly #database: Database;
  readonly #plan: RetryPlan;

  constructor(database: Database, plan: RetryPlan) {
    this.#database = database;
    this.#plan = plan;
  }

  isHeard(): Promise<boolean> {
    return this.#database.run(anyWebhook);
  }

  ring(arrivals: readonly Arrival[]): Promise<ReadonlyMap<string, Position>> {
    return this.#database.run(async (sql) => {
      if (arrivals.length === 0) return new Map();
      // Before the bell rings: whoever looks for what is archived by now finds it.
      const reached = await sql<{ id: string; epoch: number; seq: number }[]>`
        SELECT id, archived_epoch AS epoch, archived_seq AS seq
          FROM (${sold(sql)}) AS sold
         WHERE id = ANY (string_to_array(${column(arrivals, (each) => each.auctionId)}, E'\n'))`;
      await sql`
        INSERT INTO webhook_queues (webhook_id, auction_id, due_at)
        SELECT webhooks.id, sold.id, now()
          FROM unnest(
                 string_to_array(${column(arrivals, (each) => each.auctionId)}, E'\n'),
                 string_to_array(${column(arrivals, namesOrAll)}, E'\n')
               ) AS arrived (auction_id, names)
          JOIN (${sold(sql)}) AS sold ON sold.id = arrived.auction_id
          JOIN webhooks ON webhooks.seller_id IS NULL OR webhooks.seller_id = sold.seller_id
         WHERE names = ${ALL}
            OR string_to_array(names, ' ') && string_to_array(webhooks.events, ' ')
         ORDER BY webhooks.id, sold.id
        ON CONFLICT (webhook_id, auction_id) DO UPDATE
           SET due_at = coalesce(webhook_queues.due_at, now())`;
      return new Map(reached.map(({ id, ...place }) => [id, place]));
    });
  }

  ringMissed(): Promise<number> {
    return this.#database.run(async (sql) => {
      if (!(await anyWebhook(sql))) return 0;
      const rung = await sql`
        INSERT INTO webhook_queues (webhook_id, auction_id, due_at)
        SELECT webhooks.id, sold.id, now()
          FROM (${sold(sql)}) AS sold
          JOIN webhooks ON webhooks.seller_id IS NULL OR webhooks.seller_id = sold.seller_id
          LEFT JOIN webhook_queues AS queue
            ON (queue.webhook_id, queue.auction_id) = (webhooks.id, sold.id)
         WHERE (sold.status IN ('scheduled', 'live')
                OR (sold.status IN ('ended', 'cancelled')
                    AND sold.changed_at > now() - make_interval(days => ${MISSED_DAYS})))
           AND sold.changed_at >= webhooks.created_at
           AND queue.due_at IS NULL
           AND (coalesce(queue.epoch, 0), coalesce(queue.seq, 0)) < (archived_epoch, archived_seq)
         ORDER BY webhooks.id, sold.id
        ON CONFLICT (webhook_id, auction_id) DO UPDATE
           SET due_at = coalesce(webhook_queues.due_at, now())`;
      return rung.count;
    });
  }

  async claim({ queues, ofWebhook, strained, inHand }: ClaimLimits): Promise<readonly Claim[]> {
    const lease = randomBytes(12).toString('hex');
    const busy = [...inHand];
    const rows = await this.#database.run(
      (sql) => sql<{ webhookId: string; auctionId: string }[]>`
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
        RETURNING webhook_queues.webhook_id AS "webhookId", webhook_queues.auction_id AS "auctionId"`,
    );
    return rows.map(({ webhookId, auctionId }) => ({ webhookId, auctionId, lease }));
  }

  next(claim: Claim): Promise<Outgoing | undefined> {
    return this.#database.run((sql) => sql.begin((tx) => nextOf(tx, claim, this.#plan)));
  }

  async settle(claim: Claim, message: Outgoing, end: AttemptEnd): Promise<boolean> {
    const { firstMs, mostMs, forMs } = this.#plan;
    const ok = isTaken(end);
    const { isHeld, recovered: isBack } = await this.#database.run((sql) =>
      sql.begin(async (tx) => {
        const held = await tx`
          SELECT FROM webhook_queues WHERE ${isOf(tx, claim)} FOR UPDATE`;
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
           WHERE ${isOf(tx, claim)}`;
        const changed = await tx`
          UPDATE webhooks SET strained = ${isStrained(end)}
           WHERE id = ${claim.webhookId} AND strained <> ${isStrained(end)}
          RETURNING id`;
        const recovered = ok && (changed.length > 0 || message.failures > 0);
        return { isHeld: true, recovered };
      }),
    );
    if (isBack) await this.#hurry(claim.webhookId);
    return isHeld && ok;
  }

  async release(claim: Claim): Promise<void> {
    await this.#database.run(
      (sql) => sql`
        UPDATE webhook_queues SET due_at = now(), leased_by = NULL WHERE ${isOf(sql, claim)}`,
    );
  }

  async tidy(): Promise<void> {
    await this.#database.run(
      (sql) => sql`
        DELETE FROM webhook_deliveries
         WHERE id IN (SELECT id FROM webhook_deliveries
                       WHERE created_at < now() - make_interval(days => ${KEPT_DAYS})
                         AND status <> 'pending'
                       LIMIT ${REMOVED_AT_ONCE})`,
    );
    await this.#database.run(
      (sql) => sql`
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
            LIMIT ${REMOVED_AT_ONCE})`,
    );
    // Nothing rings for an auction that was over so long ago: JetStream keeps its events for a week.
    await this.#database.run(
      (sql) => sql`
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
            LIMIT ${REMOVED_AT_ONCE})`,
    );
  }

  async backlog(): Promise<Backlog> {
    const [row] = await this.#database.run(
      (sql) => sql<{ pending: number; dead: number; oldest: number }[]>`
        SELECT (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                                       WHERE status = 'pending' LIMIT ${MAX_COUNTED}) AS counted)
                 AS pending,
               (SELECT count(*) FROM (SELECT FROM webhook_deliveries
                                       WHERE status = 'dead' LIMIT ${MAX_COUNTED}) AS counted)
                 AS dead,
               (SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8
                  FROM webhook_deliveries WHERE status = 'pending') AS oldest`,
    );
    return {
      pending: row?.pending ?? 0,
      dead: row?.dead ?? 0,
      oldestSeconds: row?.oldest ?? 0,
    };
  }

  /** A receiver that answers again need not wait for the pauses that its failures made. */
  async #hurry(webhookId: string): Promise<void> {
    await this.#database.run(
      (sql) => sql`
        UPDATE webhook_queues SET due_at = now()
         WHERE (webhook_id, auction_id) IN (
           SELECT webhook_id, auction_id FROM webhook_queues
            WHERE webhook_id = ${webhookId} AND leased_by IS NULL AND due_at > now()
              FOR UPDATE SKIP LOCKED)`,
    );
  }
}

/** Auctions and sales whose first event is archived, with who sells. */
const sold = (sql: Sql) => sql`
  SELECT auctions.id, coalesce(auctions.seller_id, sales.seller_id) AS seller_id, status, changed_at,
         archived_epoch, archived_seq
    FROM auctions LEFT JOIN sales USING (id)
   WHERE auctions.seller_id IS NOT NULL OR sales.seller_id IS NOT NULL`;

const ALL = '*';
const namesOrAll = ({ names }: Arrival): string =>
  names === undefined ? ALL : [...names].join(' ');

async function anyWebhook(sql: Sql): Promise<boolean> {
  return (await sql`SELECT FROM webhooks LIMIT 1`).length > 0;
}

const isOf = (sql: Sql | Tx, { webhookId, auctionId, lease }: Claim) => sql`
  (webhook_id = ${webhookId} AND auction_id = ${auctionId} AND leased_by = ${lease})`;

interface PendingRow {
  readonly id: string;
  readonly payload: string;
}

async function nextOf(tx: Tx, claim: Claim, plan: RetryPlan): Promise<Outgoing | undefined> {
  const [queue] = await tx<{ epoch: number; seq: number; failures: number }[]>`
    UPDATE webhook_queues
       SET due_at = now() + ${plan.leaseMs}::float8 * interval '1 millisecond'
     WHERE ${isOf(tx, claim)}
    RETURNING epoch, seq, failures`;
  const [webhook] = await tx<WebhookRow[]>`
    SELECT url, events, for_admin AS "forAdmin", secret, created_at AS "createdAt",
           CASE WHEN previous_until > now() THEN previous_secret END AS "previousSecret"
      FROM webhooks WHERE id = ${claim.webhookId}`;
  if (queue === undefined || webhook === undefined) return undefined;
  const told = new Telling(tx, claim, webhook);
  const message = await told.next(queue);
  if (message === undefined) {
    await tx`
      UPDATE webhook_queues
         SET due_at = CASE WHEN ${told.isCut} THEN now() END, leased_by = NULL
       WHERE ${isOf(tx, claim)}`;
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
}

interface WebhookRow {
  readonly url: string;
  readonly events: string;
  readonly forAdmin: boolean;
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly createdAt: Date;
}

interface EpochRow {
  readonly epoch: number;
  readonly parent: number | null;
  readonly fork: number;
  readonly until: number | null;
}

/** A part of an auction's history: events above `fork` up to `until`. */
type Part = EpochRow & { readonly until: number };

interface EventRow {
  readonly epoch: number;
  readonly seq: number;
  readonly publicText: string;
  readonly privateText: string | null;
  readonly publicBefore: string | null;
  readonly privateBefore: string | null;
}

/** What one webhook is told next of one auction, within a transaction that holds the queue's row. */
class Telling {
  readonly #tx: Tx;
  readonly #claim: Claim;
  readonly #webhook: WebhookRow;
  readonly #listener: Listener;
  #isCut = false;

  constructor(tx: Tx, claim: Claim, webhook: WebhookRow) {
    this.#tx = tx;
    this.#claim = claim;
    this.#webhook = webhook;
    this.#listener = {
      // Written from a request that was checked.
      events: new Set(webhook.events.split(' ') as WebhookEvent[]),
      forAdmin: webhook.forAdmin,
    };
  }

  /** Whether there were more events than one transaction looks at. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** The oldest message that waits, or else that of the next event. @param queue its position */
  async next(queue: Position): Promise<PendingRow | undefined> {
    const { auctionId } = this.#claim;
    const [found] = await this.#tx<(ToldAuction & Position)[]>`
      SELECT auctions.id, coalesce(items.title, sales.title) AS title,
             coalesce(auctions.seller_id, sales.seller_id) AS "sellerId",
             coalesce(currency, terms ->> 'currency') AS currency,
             archived_epoch AS epoch, archived_seq AS seq
        FROM auctions
        LEFT JOIN items ON items.id = item_id
        LEFT JOIN sales ON sales.id = auctions.id
       WHERE auctions.id = ${auctionId} AND coalesce(items.id, sales.id) IS NOT NULL`;
    const epochs = await this.#tx<EpochRow[]>`
      SELECT epoch, parent, fork, until_seq AS until
        FROM epochs WHERE auction_id = ${auctionId} ORDER BY epoch`;
    const parts = epochs.filter(isPart);
    const newest = parts.at(-1);
    // Where the archive knows a newer epoch than it has reached, it will soon have.
    if (found === undefined || newest?.epoch !== found.epoch) return this.#pending();
    const { epoch, seq, ...auction } = found;
    const place = await this.#rollBack(queue, epochs, auction, newest);
    return (await this.#pending()) ?? this.#fromArchive(place, parts, { epoch, seq }, auction);
  }

  async #pending(): Promise<PendingRow | undefined> {
    const { webhookId, auctionId } = this.#claim;
    const [row] = await this.#tx<PendingRow[]>`
      SELECT id, payload
        FROM webhook_deliveries
       WHERE webhook_id = ${webhookId} AND auction_id = ${auctionId} AND status = 'pending'
       ORDER BY place LIMIT 1`;
    return row;
  }

  async #fromArchive(
    from: Position,
    parts: readonly Part[],
    reached: Position,
    auction: ToldAuction,
  ): Promise<PendingRow | undefined> {
    let place = from;
    for (const part of parts) {
      const last = Math.min(part.until, reached.seq);
      for (let look = 0; place.seq < last; look += 1) {
        if (look === LOOKS) {
          this.#isCut = true;
          await this.#moveTo(place);
          return undefined;
        }
        const rows = await this.#events(part, place.seq, last);
        for (const row of rows) {
          const { publicText, privateText, publicBefore } = row;
          const before = publicBefore !== null && {
            publicText: publicBefore,
            privateText: row.privateBefore,
          };
          const archived = { publicText, privateText, before: before || undefined };
          const messages = messagesOf(archived, auction, this.#listener);
          place = { epoch: row.epoch, seq: row.seq };
          if (messages.length === 0) continue;
          await this.#moveTo(place);
          return this.#add(place, messages);
        }
        if (rows.length < EVENTS_AT_ONCE) place = { epoch: part.epoch, seq: last };
      }
    }
    if (place.seq > from.seq) await this.#moveTo({ epoch: reached.epoch, seq: place.seq });
    return undefined;
  }

  /** Events of a part behind a seq that may make messages. */
  #events(part: Part, after: number, last: number): Promise<EventRow[]> {
    const types = [...typesFor(this.#listener.events)].join(' ');
    return this.#tx<EventRow[]>`
      SELECT event.epoch, event.seq, event.public AS "publicText", event.private AS "privateText",
             before.public AS "publicBefore", before.private AS "privateBefore"
        FROM (SELECT epoch, seq, public, private
                FROM events
               WHERE auction_id = ${this.#claim.auctionId} AND epoch = ${part.epoch}
                 AND seq > greatest(${after}::bigint, ${part.fork}::bigint) AND seq <= ${last}
                 AND type = ANY (string_to_array(${types}, ' '))
                 AND at >= ${this.#webhook.createdAt}
               ORDER BY seq LIMIT ${EVENTS_AT_ONCE}) AS event
        LEFT JOIN LATERAL (
             SELECT public, private
               FROM history_events
              WHERE auction_id = ${this.#claim.auctionId} AND seq = event.seq - 1) AS before ON true
       ORDER BY event.seq`;
  }

  /**
   * Where a new epoch has superseded what the webhook was told, goes back to what still holds: what was
   * never sent is forgotten, and of what was, the webhook is told that it does not hold any more.
   */
  async #rollBack(
    queue: Position,
    epochs: readonly EpochRow[],
    auction: ToldAuction,
    newest: Part,
  ): Promise<Position> {
    const kept = keptOf(queue, epochs);
    if (kept.seq === queue.seq) return queue;
    const { webhookId, auctionId } = this.#claim;
    const superseded = this.#tx`
      webhook_id = ${webhookId} AND auction_id = ${auctionId} AND type <> ${ROLLED_BACK}
      AND epoch <= ${queue.epoch} AND seq > ${kept.seq}`;
    await this.#tx`
      DELETE FROM webhook_deliveries
       WHERE ${superseded} AND status = 'pending' AND attempts = 0`;
    const told = await this.#tx<{ id: string }[]>`
      SELECT id FROM webhook_deliveries
       WHERE ${superseded} ORDER BY place DESC LIMIT ${MOST_VOIDED}`;
    if (told.length > 0) {
      const at = new Date(wallClockNow()).toISOString();
      const place = { epoch: newest.epoch, seq: kept.seq };
      const voided = told.map(({ id }) => id);
      await this.#add({ epoch: newest.epoch, seq: kept.seq + 1 }, [
        rollBackMessage(ROLLED_BACK, at, auction, place, voided),
      ]);
    }
    await this.#moveTo(kept);
    return kept;
  }

  async #moveTo({ epoch, seq }: Position): Promise<void> {
    await this.#tx`
      UPDATE webhook_queues SET epoch = ${epoch}, seq = ${seq} WHERE ${isOf(this.#tx, this.#claim)}`;
  }

  /** @returns the first */
  async #add(place: Position, messages: readonly Message[]): Promise<PendingRow | undefined> {
    const { webhookId, auctionId } = this.#claim;
    const rows = messages.map(({ type, at, payload }) => ({
      id: `msg_${randomBytes(15).toString('base64url')}`,
      webhook_id: webhookId,
      auction_id: auctionId,
      epoch: place.epoch,
      seq: place.seq,
      type,
      at,
      payload,
    }));
    await this.#tx`INSERT INTO webhook_deliveries ${this.#tx(rows)}`;
    return rows[0];
  }
}

const isPart = (epoch: EpochRow): epoch is Part => epoch.until !== null && epoch.until > epoch.fork;

/** How far a position is still part of the history: the same position where it is. */
function keptOf(position: Position, epochs: readonly EpochRow[]): Position {
  let { epoch, seq } = position;
  for (;;) {
    const known = epochs.find((each) => each.epoch === epoch);
    if (known === undefined) return position;
    if (isPart(known)) return { epoch, seq: Math.min(seq, known.until) };
    if (known.parent === null) return { epoch: 0, seq: 0 };
    seq = Math.min(seq, known.fork);
    epoch = known.parent;
  }
}
