/** Webhooks as they are registered, and what was sent to them. */
import type {
  Webhook,
  WebhookDelivery,
  WebhookEvent,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import type { Asker, Registration, Replayed, WebhookStore } from '../../webhooks/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import type { Sql, Tx } from './database.ts';

/** So long a repeat with the same idempotency key is told what the first call was told. */
const KEYS_KEPT = '24 hours';

/** @param read the primary */
export const webhookStore = (read: ReadHistory): WebhookStore => ({
  add: (registration, most) => read((sql) => sql.begin((tx) => add(tx, registration, most))),

  async list(asker, after, limit) {
    const rows = await read(
      (sql) => sql<(WebhookRow & { place: number })[]>`
        SELECT ${webhookColumns(sql)}, ${placeOf(sql)} AS place
          FROM webhooks
         WHERE ${isFor(sql, asker)}
           AND (${placeOf(sql)}, id) > (${after?.at ?? 0}, ${after?.id ?? ''})
         ORDER BY ${placeOf(sql)}, id
         LIMIT ${limit}`,
    );
    return rows.map((row) => ({ webhook: webhookOf(row), place: { at: row.place, id: row.id } }));
  },

  async remove(asker, id) {
    const gone = await read(
      (sql) => sql`DELETE FROM webhooks WHERE id = ${id} AND ${isFor(sql, asker)} RETURNING id`,
    );
    return gone.length > 0;
  },

  rotate: (asker, id, secret, key, overlapMs) =>
    read((sql) =>
      sql.begin(async (tx): Promise<Replayed<WebhookWithSecret> | undefined> => {
        const [before] = await tx<{ isSame: boolean }[]>`
          SELECT rotation_key <> '' AND rotation_key = ${key}
                   AND coalesce(previous_until > now(), false) AS "isSame"
            FROM webhooks WHERE id = ${id} AND ${isFor(tx, asker)} FOR UPDATE`;
        if (before === undefined) return undefined;
        if (!before.isSame) {
          await tx`
            UPDATE webhooks
               SET previous_secret = secret,
                   previous_until = now() + ${overlapMs}::float8 * interval '1 millisecond',
                   secret = ${secret}, rotation_key = ${key}
             WHERE id = ${id}`;
        }
        const [row] = await tx<SecretRow[]>`
          SELECT ${webhookColumns(tx)}, secret FROM webhooks WHERE id = ${id}`;
        return row && { ...withSecret(row), replayed: before.isSame };
      }),
    ),

  deliveries: (asker, id, before, limit) =>
    read(async (sql) => {
      const seen = await sql`SELECT FROM webhooks WHERE id = ${id} AND ${isFor(sql, asker)}`;
      if (seen.length === 0) return undefined;
      const rows = await sql<DeliveryRow[]>`
        SELECT ${deliveryColumns(sql)}
          FROM webhook_deliveries
         WHERE webhook_id = ${id} AND place < ${before ?? Number.MAX_SAFE_INTEGER}
         ORDER BY place DESC
         LIMIT ${limit}`;
      return rows.map((row) => ({ delivery: deliveryOf(row), place: row.place }));
    }),

  redeliver: (asker, id, deliveryId, key) =>
    read((sql) => sql.begin((tx) => redeliver(tx, asker, id, deliveryId, key))),
});

async function add(
  tx: Tx,
  of: Registration,
  most: number,
): Promise<Replayed<WebhookWithSecret> | 'mismatch' | 'full'> {
  // Of one owner one after the other: the bound holds, and a repeat finds the first.
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`webhooks ${of.ownerId}`}, 0))`;
  if (of.key !== '') {
    const [first] = await tx<(SecretRow & { isSame: boolean })[]>`
      SELECT ${webhookColumns(tx)}, secret,
             creation_hash = decode(${of.fingerprint}, 'hex') AS "isSame"
        FROM webhooks
       WHERE owner_id = ${of.ownerId} AND creation_key = ${of.key}
         AND created_at > now() - ${KEYS_KEPT}::interval`;
    if (first !== undefined) {
      return first.isSame ? { ...withSecret(first), replayed: true } : 'mismatch';
    }
  }
  const [count] = await tx<{ registered: number }[]>`
    SELECT count(*) AS registered FROM webhooks WHERE owner_id = ${of.ownerId}`;
  if ((count?.registered ?? 0) >= most) return 'full';
  const [row] = await tx<SecretRow[]>`
    INSERT INTO webhooks
           (id, owner_id, for_admin, url, events, seller_id, secret, creation_key, creation_hash)
    VALUES (${of.id}, ${of.ownerId}, ${of.forAdmin}, ${of.url}, ${of.events.join(' ')},
            ${of.auctionsOf ?? null}, ${of.secret}, ${of.key},
            decode(${of.fingerprint}, 'hex'))
    RETURNING ${webhookColumns(tx)}, secret`;
  if (row === undefined) throw new Error('a webhook was not stored');
  return { ...withSecret(row), replayed: false };
}

async function redeliver(
  tx: Tx,
  asker: Asker,
  id: string,
  deliveryId: string,
  key: string,
): Promise<Replayed<WebhookDelivery> | undefined> {
  const [found] = await tx<(DeliveryRow & { redeliveryKey: string })[]>`
    SELECT ${deliveryColumns(tx)}, redelivery_key AS "redeliveryKey"
      FROM webhook_deliveries
     WHERE id = ${deliveryId} AND webhook_id = ${id}
       AND EXISTS (SELECT FROM webhooks WHERE id = ${id} AND ${isFor(tx, asker)})`;
  if (found === undefined) return undefined;
  if (key !== '' && found.redeliveryKey === key) return { ...deliveryOf(found), replayed: true };
  // Its queue first, as whoever sends does.
  await tx`
    UPDATE webhook_queues
       SET due_at = CASE WHEN leased_by IS NULL THEN now() ELSE due_at END
     WHERE webhook_id = ${id} AND auction_id = ${found.auctionId}`;
  const [row] = await tx<DeliveryRow[]>`
    UPDATE webhook_deliveries
       SET status = 'pending', delivered_at = NULL, redelivery_key = ${key}
     WHERE id = ${deliveryId}
    RETURNING ${deliveryColumns(tx)}`;
  return row && { ...deliveryOf(row), replayed: false };
}

const isFor = (sql: Sql | Tx, { userId, isAdmin }: Asker) => sql`
  (${isAdmin} OR owner_id = ${userId})`;

const placeOf = (sql: Sql | Tx) => sql`(extract(epoch FROM created_at) * 1000000)::bigint`;

interface WebhookRow {
  readonly id: string;
  readonly ownerId: string;
  readonly url: string;
  readonly events: string;
  readonly auctionsOf: string | null;
  readonly createdAt: Date;
  readonly previousUntil: Date | null;
}
type SecretRow = WebhookRow & { readonly secret: string };

const webhookColumns = (sql: Sql | Tx) => sql`
  id, owner_id AS "ownerId", url, events, seller_id AS "auctionsOf", created_at AS "createdAt",
  CASE WHEN previous_until > now() THEN previous_until END AS "previousUntil"`;

const webhookOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  ownerId: row.ownerId,
  url: row.url,
  // Written from a request that was checked.
  events: row.events.split(' ') as WebhookEvent[],
  auctionsOf: row.auctionsOf,
  createdAt: row.createdAt.toISOString(),
  previousSecretUntil: row.previousUntil?.toISOString() ?? null,
});

const withSecret = (row: SecretRow): WebhookWithSecret => ({
  ...webhookOf(row),
  secret: row.secret,
});

interface DeliveryRow {
  readonly id: string;
  readonly place: number;
  readonly type: WebhookDelivery['type'];
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly status: WebhookDelivery['status'];
  readonly attempts: number;
  readonly at: Date;
  readonly lastAt: Date | null;
  readonly lastMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly deliveredAt: Date | null;
}

const deliveryColumns = (sql: Sql | Tx) => sql`
  id, place, type, auction_id AS "auctionId", epoch, seq, status, attempts, at,
  last_at AS "lastAt", last_ms AS "lastMs",
  last_status AS "lastStatus", last_error AS "lastError", delivered_at AS "deliveredAt"`;

const deliveryOf = (row: DeliveryRow): WebhookDelivery => ({
  id: row.id,
  type: row.type,
  auctionId: row.auctionId,
  epoch: row.epoch,
  seq: row.seq,
  status: row.status,
  at: row.at.toISOString(),
  attempts: row.attempts,
  lastAttempt: row.lastAt && {
    at: row.lastAt.toISOString(),
    ms: row.lastMs ?? 0,
    status: row.lastStatus,
    error: row.lastError,
  },
  deliveredAt: row.deliveredAt?.toISOString() ?? null,
});
