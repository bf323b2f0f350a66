/** What a webhook is told next of an auction: made from the archive when its turn comes. */
import { randomBytes } from 'node:crypto';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { ROLLED_BACK, type WebhookEvent } from '@outcry/shared/contracts/webhooks.ts';
import { wallClockNow } from '@outcry/shared/runtime/wall-clock.ts';
import { sql, type Tx } from '../adapters/postgres/database.ts';
import type { Outgoing } from './https-courier.ts';
import {
  messagesOf,
  rollBackMessage,
  typesFor,
  type ArchivedEvent,
  type Listener,
  type Message,
  type ToldAuction,
} from './messages.ts';

/** Events that one statement looks at, and such statements that one transaction makes. */
const EVENTS_AT_ONCE = 100;
const LOOKS = 20;
/** Messages that a roll-back names. */
const MOST_VOIDED = 1_000;

/** One webhook's queue for one auction, for as long as nobody else takes it. */
export interface Claim {
  readonly webhookId: string;
  readonly auctionId: string;
  readonly lease: string;
}

/** The row of a queue, while the claim holds. */
export const isOf = ({ webhookId, auctionId, lease }: Claim) => sql`
  (webhook_id = ${webhookId} AND auction_id = ${auctionId} AND leased_by = ${lease})`;

type PendingRow = Pick<Outgoing, 'id' | 'payload'>;

export interface WebhookRow {
  readonly url: string;
  readonly events: string;
  readonly forAdmin: boolean;
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly createdAt: string;
}

interface EpochRow {
  readonly epoch: number;
  readonly parent: number | null;
  readonly fork: number;
  readonly until: number | null;
}

/** A part of an auction's history: events above `fork` up to `until`. */
type Part = EpochRow & { readonly until: number };

/** What one webhook is told next of one auction, within a transaction that holds the queue's row. */
export class NextMessage {
  readonly #tx: Tx;
  readonly #claim: Claim;
  readonly #webhook: WebhookRow;
  readonly #listener: Listener;

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

  /**
   * The oldest message that waits, or else that of the next event.
   * @param queue its position
   * @returns `later` where there are more events than one transaction looks at
   */
  async after(queue: Position): Promise<PendingRow | 'later' | undefined> {
    const { auctionId } = this.#claim;
    const [found] = await this.#tx<(ToldAuction & Position)[]>`
      SELECT auctions.id, coalesce(items.title, sales.title) AS title,
             coalesce(auctions.seller_id, sales.seller_id) AS seller_id,
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
  ): Promise<PendingRow | 'later' | undefined> {
    let place = from;
    for (const part of parts) {
      const last = Math.min(part.until, reached.seq);
      for (let look = 0; place.seq < last; look += 1) {
        if (look === LOOKS) {
          await this.#moveTo(place);
          return 'later';
        }
        const rows = await this.#events(part, place.seq, last);
        for (const row of rows) {
          const messages = messagesOf(row, auction, this.#listener);
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
  #events(part: Part, after: number, last: number): Promise<readonly (ArchivedEvent & Position)[]> {
    const types = [...typesFor(this.#listener.events)].join(' ');
    return this.#tx<(ArchivedEvent & Position)[]>`
      SELECT event.epoch, event.seq, event.public AS public_text, event.private AS private_text,
             before.public AS public_before, before.private AS private_before
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
      UPDATE webhook_queues SET epoch = ${epoch}, seq = ${seq} WHERE ${isOf(this.#claim)}`;
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
