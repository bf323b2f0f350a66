/** News that reach the signed-in user on whatever page: outbid, won. */
import { signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { UserNotice } from '@outcry/client/watched-auction.ts';
import { formatMoney } from '../format/money.ts';
import { route } from '../router.ts';
import { roomPath } from '../routes.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly detail: string;
  /** The room it is about. */
  readonly path: string;
}

const MAX_TOASTS = 3;
const SHOWN_MS = 8_000;

export const toasts = signal<readonly Toast[]>([]);

let lastId = 0;

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Shows a toast, unless the user is in that room and sees it there. */
export async function hearNotice(client: OutcryClient, notice: UserNotice): Promise<void> {
  const { auctionId, price } = notice;
  const here = route.peek();
  if (here.page === 'room' && here.auctionId === auctionId) return;
  const sale = await titleAndMoney(client, auctionId, price);
  const won = notice.type === 'won';
  lastId += 1;
  const toast: Toast = {
    id: lastId,
    tone: won ? 'good' : 'bad',
    title: won ? 'You won!' : 'You were outbid',
    detail: sale,
    path: roomPath(auctionId),
  };
  // A second "outbid" of the same auction replaces the first.
  const others = toasts.peek().filter(({ path }) => path !== toast.path);
  toasts.value = [...others, toast].slice(-MAX_TOASTS);
  setTimeout(() => dismissToast(toast.id), SHOWN_MS);
}

/** Notices carry ids only; without an answer the toast says less, but it comes. */
async function titleAndMoney(
  client: OutcryClient,
  auctionId: string,
  price: number,
): Promise<string> {
  try {
    const { item, currency } = await client.auction(auctionId);
    return `${item.title}, ${formatMoney(price, currency)}`;
  } catch {
    return 'Open the auction';
  }
}
