/** News that reach the signed-in user on whatever page: outbid, won. */
import { computed, signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { UserNotice } from '@outcry/client/watched-auction.ts';
import { isolated } from '../format/isolated.ts';
import { formatMoney } from '../format/money.ts';
import { route } from '../router.ts';
import { roomPath } from '../routes.ts';
import { serverNow } from './clock.ts';

export interface News {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly detail: string;
  /** The room it is about. */
  readonly path: string;
  /** By the server's clock. */
  readonly atMs: number;
  readonly unread: boolean;
}

const MAX_TOASTS = 3;
const MAX_NEWS = 20;
const SHOWN_MS = 8_000;

/** Shown for a moment. */
export const toasts = signal<readonly News[]>([]);

/** What came since the page was opened, newest first; of each auction only the newest. */
export const news = signal<readonly News[]>([]);

export const unreadNews = computed(() => news.value.filter(({ unread }) => unread).length);

let lastId = 0;
let forgottenId = 0;

export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Shows something for a moment. @param path where it leads */
export function showToast(toast: Pick<News, 'tone' | 'title' | 'detail' | 'path'>): void {
  lastId += 1;
  const shown: News = { ...toast, id: lastId, atMs: serverNow(), unread: false };
  const others = toasts.peek().filter(({ path }) => path !== toast.path);
  toasts.value = [...others, shown].slice(-MAX_TOASTS);
  setTimeout(() => dismissToast(shown.id), SHOWN_MS);
}

/** The list was looked at. */
export function readNews(): void {
  news.value = news.value.map((item) => Object.assign({}, item, { unread: false }));
}

/** A page is looked at that shows what this news is about. */
export function readNewsOf(path: string): void {
  news.value = news.value.map((item) =>
    item.path === path ? Object.assign({}, item, { unread: false }) : item,
  );
}

/** Another user's news are none of the next one's business, also those still on their way. */
export function forgetNews(): void {
  news.value = [];
  toasts.value = [];
  forgottenId = lastId;
}

/**
 * Keeps it in the list, and shows a toast unless the user looks at that room and sees it there: a
 * room in a tab behind others shows nobody anything.
 */
export async function hearNotice(client: OutcryClient, notice: UserNotice): Promise<void> {
  const { auctionId, price } = notice;
  const here = route.peek();
  const isSeen =
    here.page === 'room' && here.auctionId === auctionId && document.visibilityState === 'visible';
  const atMs = serverNow();
  lastId += 1;
  const id = lastId;
  const path = roomPath(auctionId);
  const detail = await titleAndMoney(client, auctionId, price);
  const isOvertaken = news.peek().some((other) => other.path === path && other.id > id);
  if (id <= forgottenId || isOvertaken) return;
  const won = notice.type === 'won';
  const item: News = {
    id,
    tone: won ? 'good' : 'bad',
    title: won ? 'You won!' : 'You were outbid',
    detail,
    path,
    atMs,
    unread: !isSeen,
  };
  // A second "outbid" of the same auction replaces the first.
  const apart = (list: readonly News[]): readonly News[] =>
    list.filter((other) => other.path !== path);
  news.value = [item, ...apart(news.peek())].slice(0, MAX_NEWS);
  if (isSeen) return;
  toasts.value = [...apart(toasts.peek()), item].slice(-MAX_TOASTS);
  setTimeout(() => dismissToast(id), SHOWN_MS);
}

/** Notices carry ids only; without an answer the toast says less, but it comes. */
async function titleAndMoney(
  client: OutcryClient,
  auctionId: string,
  price: number,
): Promise<string> {
  try {
    const { item, currency } = await client.auction(auctionId);
    return `${isolated(item.title)}, ${formatMoney(price, currency)}`;
  } catch {
    return 'Open the auction';
  }
}
