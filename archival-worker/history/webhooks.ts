/** Webhooks as their owners see them. What delivers to them is a process of its own (webhooks/). */
import { hash, randomBytes } from 'node:crypto';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  Webhook,
  WebhookDelivery,
  WebhookListQuery,
  WebhookRequest,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { sql } from '../adapters/postgres/database.ts';
import { Refusal } from '../refusal.ts';
import type { ReceiverAddresses } from '../webhooks/receiver-addresses.ts';
import type { AskHistory } from './ask-history.ts';
import { readPage, type ListOrder } from './lists.ts';

export const MOST_WEBHOOKS = 20;
/** After a rotation, both secrets sign for so long. */
const OVERLAP = '24 hours';
/** So long a repeat with the same idempotency key is told what the first call was told. */
const KEYS_KEPT = '24 hours';
const SECRET_BYTES = 32;

export type Replayed<T> = T & { readonly replayed: boolean };

/** @param key the idempotency key, or '' @throws Refusal */
export async function registerWebhook(
  write: AskHistory,
  receivers: ReceiverAddresses,
  caller: Caller,
  { url, events, auctionsOf }: WebhookRequest,
  key: string,
): Promise<Replayed<WebhookWithSecret>> {
  const { userId } = caller;
  const isAdmin = caller.roles.has('admin');
  if (!isAdmin && (auctionsOf ?? userId) !== userId) {
    throw new Refusal('FORBIDDEN', 'Sellers are told of their own auctions only.');
  }
  const message = receivers.fault(url);
  if (message !== undefined) {
    const errors = [{ path: 'url', message }];
    throw new Refusal('INVALID_REQUEST', 'The URL cannot be used.', { errors });
  }
  const fingerprint = hash('sha256', JSON.stringify([url, events.toSorted(), auctionsOf]), 'hex');
  return write.begin(async (tx) => {
    // Of one owner one after the other: the bound holds, and a repeat finds the first.
    await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`webhooks ${userId}`}, 0))`;
    if (key !== '') {
      const [first] = await tx<(WebhookWithSecret & { isSame: boolean })[]>`
        SELECT ${webhookColumns}, secret,
               creation_hash = decode(${fingerprint}, 'hex') AS is_same
          FROM webhooks
         WHERE owner_id = ${userId} AND creation_key = ${key}
           AND created_at > now() - ${KEYS_KEPT}::interval`;
      if (first !== undefined) {
        const { isSame, ...webhook } = first;
        if (isSame) return { ...webhook, replayed: true };
        throw new Refusal('IDEMPOTENCY_MISMATCH', 'The key was used for another webhook.');
      }
    }
    const [count] = await tx<{ registered: number }[]>`
      SELECT count(*) AS registered FROM webhooks WHERE owner_id = ${userId}`;
    if ((count?.registered ?? 0) >= MOST_WEBHOOKS) {
      throw new Refusal('QUOTA_REACHED', `A user has at most ${MOST_WEBHOOKS} webhooks.`);
    }
    const [made] = await tx<WebhookWithSecret[]>`
      INSERT INTO webhooks
             (id, owner_id, for_admin, url, events, seller_id, secret, creation_key, creation_hash)
      VALUES (${`wh_${randomBytes(15).toString('base64url')}`}, ${userId}, ${isAdmin}, ${url},
              ${events.join(' ')}, ${(isAdmin ? auctionsOf : userId) ?? null}, ${newSecret()},
              ${key}, decode(${fingerprint}, 'hex'))
      RETURNING ${webhookColumns}, secret`;
    if (made === undefined) throw new Error('a webhook was not stored');
    return { ...made, replayed: false };
  });
}

type PlacedWebhook = Webhook & { readonly place: number };

const OLDEST_FIRST: ListOrder<PlacedWebhook> = {
  keys: [
    ['place', 'number', ({ place }) => place],
    ['id', 'id', ({ id }) => id],
  ],
  isFalling: false,
};

/** Own ones, an admin's all. */
export const listWebhooks = (write: AskHistory, caller: Caller, query: WebhookListQuery) =>
  readPage<PlacedWebhook, Webhook>(
    OLDEST_FIRST,
    query,
    ({ behind, ordered, limit }) => write<PlacedWebhook[]>`
      SELECT ${webhookColumns}, place
        FROM (SELECT *, (extract(epoch FROM created_at) * 1000000)::bigint AS place
                FROM webhooks) AS webhooks
       WHERE ${isFor(caller)} ${behind}
       ${ordered} LIMIT ${limit}`,
    (row) => {
      const { place: _, ...webhook } = row;
      return webhook;
    },
  );

/** @throws Refusal `NOT_FOUND` when there is none that the caller may see */
export async function removeWebhook(write: AskHistory, caller: Caller, id: string): Promise<void> {
  const gone = await write`DELETE FROM webhooks WHERE id = ${id} AND ${isFor(caller)} RETURNING id`;
  if (gone.length === 0) throw notFound();
}

/**
 * Gives it a new secret; the one before signs for a day as well, and the one before that no more.
 * @throws as {@link removeWebhook}
 */
export const rotateSecret = (
  write: AskHistory,
  caller: Caller,
  id: string,
  key: string,
): Promise<Replayed<WebhookWithSecret>> =>
  write.begin(async (tx) => {
    const [before] = await tx<{ replayed: boolean }[]>`
      SELECT rotation_key <> '' AND rotation_key = ${key}
               AND coalesce(previous_until > now(), false) AS replayed
        FROM webhooks WHERE id = ${id} AND ${isFor(caller)} FOR UPDATE`;
    if (before === undefined) throw notFound();
    if (!before.replayed) {
      await tx`
        UPDATE webhooks
           SET previous_secret = secret, previous_until = now() + ${OVERLAP}::interval,
               secret = ${newSecret()}, rotation_key = ${key}
         WHERE id = ${id}`;
    }
    const [row] = await tx<WebhookWithSecret[]>`
      SELECT ${webhookColumns}, secret FROM webhooks WHERE id = ${id}`;
    if (row === undefined) throw notFound();
    return { ...row, ...before };
  });

const NEWEST_FIRST: ListOrder<DeliveryRow> = {
  keys: [['place', 'number', ({ place }) => place]],
  isFalling: true,
};

/** What was sent to a webhook. @throws as {@link removeWebhook} */
export async function deliveriesOf(
  write: AskHistory,
  caller: Caller,
  id: string,
  query: WebhookListQuery,
): Promise<Page<WebhookDelivery>> {
  const seen = await write`SELECT FROM webhooks WHERE id = ${id} AND ${isFor(caller)}`;
  if (seen.length === 0) throw notFound();
  return readPage(
    NEWEST_FIRST,
    query,
    ({ behind, ordered, limit }) => write<DeliveryRow[]>`
      SELECT ${deliveryColumns} FROM webhook_deliveries
       WHERE webhook_id = ${id} ${behind}
       ${ordered} LIMIT ${limit}`,
    deliveryOf,
  );
}

/** Has a message sent again, or at once where it waits. @throws as {@link removeWebhook} */
export const redeliver = (
  write: AskHistory,
  caller: Caller,
  id: string,
  deliveryId: string,
  key: string,
): Promise<Replayed<WebhookDelivery>> =>
  write.begin(async (tx) => {
    const [found] = await tx<(DeliveryRow & { isSame: boolean })[]>`
      SELECT ${deliveryColumns}, ${key} <> '' AND redelivery_key = ${key} AS is_same
        FROM webhook_deliveries
       WHERE id = ${deliveryId} AND webhook_id = ${id}
         AND EXISTS (SELECT FROM webhooks WHERE id = ${id} AND ${isFor(caller)})`;
    if (found === undefined) throw notFound();
    const { isSame, ...before } = found;
    if (isSame) return { ...deliveryOf(before), replayed: true };
    // Its queue first, as whoever sends does.
    await tx`
      UPDATE webhook_queues
         SET due_at = CASE WHEN leased_by IS NULL THEN now() ELSE due_at END
       WHERE webhook_id = ${id} AND auction_id = ${before.auctionId}`;
    const [row] = await tx<DeliveryRow[]>`
      UPDATE webhook_deliveries
         SET status = 'pending', delivered_at = NULL, redelivery_key = ${key}
       WHERE id = ${deliveryId}
      RETURNING ${deliveryColumns}`;
    if (row === undefined) throw notFound();
    return { ...deliveryOf(row), replayed: false };
  });

const notFound = (): Refusal =>
  new Refusal('NOT_FOUND', 'There is no such webhook, or no such delivery of it.');

/** As the specification has it: 24 to 64 random bytes. */
const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** Its owner may see a webhook, an admin all. */
const isFor = ({ userId, roles }: Caller) => sql`
  (${roles.has('admin')} OR owner_id = ${userId})`;

const webhookColumns = sql`
  id, owner_id, url, to_json(string_to_array(events, ' ')) AS events, seller_id AS auctions_of,
  created_at, CASE WHEN previous_until > now() THEN previous_until END AS previous_secret_until`;

interface DeliveryRow extends Omit<WebhookDelivery, 'lastAttempt'> {
  readonly place: number;
  readonly lastAt: string | null;
  readonly lastMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

const deliveryColumns = sql`
  id, place, type, auction_id, epoch, seq, status, at, attempts, last_at, last_ms, last_status,
  last_error, delivered_at`;

function deliveryOf(row: DeliveryRow): WebhookDelivery {
  const { place: _, lastAt, lastMs, lastStatus, lastError, deliveredAt, ...delivery } = row;
  const lastAttempt =
    lastAt === null ? null : { at: lastAt, ms: lastMs ?? 0, status: lastStatus, error: lastError };
  return { ...delivery, lastAttempt, deliveredAt };
}
