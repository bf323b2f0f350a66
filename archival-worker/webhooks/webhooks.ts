/** Webhooks as their owners see them. */
import { hash, randomBytes } from 'node:crypto';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  Webhook,
  WebhookDelivery,
  WebhookListQuery,
  WebhookRequest,
  WebhookWithSecret,
} from '@outcry/shared/contracts/webhooks.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { Asker, Replayed, WebhookPlace, WebhookStore } from './ports.ts';
import type { ReceiverAddresses } from './receiver-addresses.ts';

export const MOST_WEBHOOKS = 20;
/** After a rotation, both secrets sign for so long. */
const OVERLAP_MS = 24 * 60 * 60 * 1000;
const SECRET_BYTES = 32;

/** Why a webhook was not registered. */
export type Refused =
  | { readonly refused: 'not own' | 'mismatch' | 'full' }
  | { readonly refused: 'url'; readonly why: string };

export class Webhooks {
  readonly #store: WebhookStore;
  readonly #addresses: ReceiverAddresses;

  constructor(store: WebhookStore, addresses: ReceiverAddresses) {
    this.#store = store;
    this.#addresses = addresses;
  }

  /** @param key the idempotency key, or '' */
  async register(
    asker: Asker,
    { url, events, auctionsOf }: WebhookRequest,
    key: string,
  ): Promise<Replayed<WebhookWithSecret> | Refused> {
    if (!asker.isAdmin && (auctionsOf ?? asker.userId) !== asker.userId) {
      return { refused: 'not own' };
    }
    const why = this.#addresses.fault(url);
    if (why !== undefined) return { refused: 'url', why };
    const registration = {
      id: `wh_${randomBytes(15).toString('base64url')}`,
      ownerId: asker.userId,
      forAdmin: asker.isAdmin,
      url,
      events,
      auctionsOf: asker.isAdmin ? auctionsOf : asker.userId,
      secret: newSecret(),
      key,
      fingerprint: hash('sha256', JSON.stringify([url, events.toSorted(), auctionsOf]), 'hex'),
    };
    const added = await this.#store.add(registration, MOST_WEBHOOKS);
    return typeof added === 'string' ? { refused: added } : added;
  }

  /** Own ones, an admin's all; oldest first. @throws CursorError */
  async list(asker: Asker, { limit, cursor }: WebhookListQuery): Promise<Page<Webhook>> {
    const after = cursor === undefined ? undefined : placeAt(cursor);
    const found = await this.#store.list(asker, after, limit + 1);
    const page = pageOf(found, limit, ({ place }) => cursorOf(place.at, place.id));
    return { ...page, items: page.items.map(({ webhook }) => webhook) };
  }

  /** @returns false when there is none that the asker may see */
  remove(asker: Asker, id: string): Promise<boolean> {
    return this.#store.remove(asker, id);
  }

  /** A new secret; the one before signs for a day as well, and the one before that no more. */
  rotate(asker: Asker, id: string, key: string): Promise<Replayed<WebhookWithSecret> | undefined> {
    return this.#store.rotate(asker, id, newSecret(), key, OVERLAP_MS);
  }

  /** Newest first. @throws CursorError */
  async deliveries(
    asker: Asker,
    id: string,
    { limit, cursor }: WebhookListQuery,
  ): Promise<Page<WebhookDelivery> | undefined> {
    const [before] = cursor === undefined ? [] : cursorParts(cursor, /^([0-9]{1,16})$/);
    const place = before === undefined ? undefined : Number(before);
    const found = await this.#store.deliveries(asker, id, place, limit + 1);
    if (found === undefined) return undefined;
    const page = pageOf(found, limit, (last) => cursorOf(last.place));
    return { ...page, items: page.items.map(({ delivery }) => delivery) };
  }

  redeliver(
    asker: Asker,
    id: string,
    deliveryId: string,
    key: string,
  ): Promise<Replayed<WebhookDelivery> | undefined> {
    return this.#store.redeliver(asker, id, deliveryId, key);
  }
}

/** As the specification has it: 24 to 64 random bytes. */
const newSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

function placeAt(cursor: string): WebhookPlace {
  const [at, id = ''] = cursorParts(cursor, /^([0-9]{1,16}):([A-Za-z0-9_-]{1,64})$/);
  return { at: Number(at), id };
}
