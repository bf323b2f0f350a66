/**
 * What the signed-in user is told on whatever page: outbid, won, ending soon. The archive keeps it and
 * what of it is read, for all devices; what comes live is shown at once, until the archive has it.
 */
import { batch, computed, signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { UserNotice } from '@outcry/client/watched-auction.ts';
import type { KeptNotice, ReadNotice } from '@outcry/shared/contracts/history.ts';
import { noticeTexts } from '../format/notice-texts.ts';
import { route } from '../router.ts';
import { roomPath } from '../routes.ts';
import { serverNow } from './clock.ts';
import { isOf, mergedNotices, noticeKey, stillLive, type BellNotice } from './merge-notices.ts';
import { RefreshLoop } from './refresh-loop.ts';
import { asUser, signedInAs } from './session.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly detail: string;
  /** Where it leads; null: nowhere, and it stays until it is dismissed. */
  readonly path: string | null;
}

const MAX_TOASTS = 3;
const SHOWN_MS = 8_000;
const MAX_LIVE = 20;
/** Changes are hinted, and this is for lost hints. */
const READ_EVERY_MS = 60_000;
/** What came live is archived by then, as a rule. */
const ARCHIVED_AFTER_MS = 1_500;
/** The server's clock is known as well as that. */
const SLACK_MS = 500;

const NO_TOASTS = Array.from({ length: MAX_TOASTS }, () => undefined);

/** Shown for a moment, each in a place that it keeps: one that goes moves no other under a finger. */
export const toasts = signal<readonly (Toast | undefined)[]>(NO_TOASTS);

/** Null until the archive has answered. */
const archived = signal<readonly BellNotice[] | null>(null);
const live = signal<readonly BellNotice[]>([]);
const readUpTo = signal<ReadonlyMap<string, number>>(new Map());

/** What the bell shows, the newest first. */
export const news = computed(() => mergedNotices(archived.value ?? [], live.value, readUpTo.value));

export const unreadNews = computed(() => news.value.filter(({ unread }) => unread).length);

let client: OutcryClient | undefined;
let lastToast = 0;
let againTimer: ReturnType<typeof setTimeout> | undefined;
let dueTimer: ReturnType<typeof setTimeout> | undefined;
let loop: RefreshLoop | undefined;

/** Reads from now on what is kept for whoever is signed in. */
export function followNotices(with_: OutcryClient): void {
  client = with_;
  // A tab behind others says in its title how many there are.
  loop = new RefreshLoop(readOnce, READ_EVERY_MS, true);
  loop.start();
  document.addEventListener('visibilitychange', seeRoom);
}

/** Something may have changed; what is told next is perhaps a moment from being archived. */
export function readNoticesTwice(): void {
  readNotices();
  clearTimeout(againTimer);
  againTimer = setTimeout(readNotices, ARCHIVED_AFTER_MS);
}

const readNotices = (): void => void loop?.now();

async function readOnce(): Promise<void> {
  clearTimeout(dueTimer);
  const asking = client;
  const userId = signedInAs.peek();
  if (asking === undefined || userId === undefined) return;
  const askedAtMs = serverNow();
  try {
    const { items, nextAt } = await asUser(asking, () => asking.notices());
    if (signedInAs.peek() !== userId) return;
    take(items.map(bellNotice), askedAtMs);
    if (nextAt === null) return;
    const dueMs = Date.parse(nextAt) - serverNow() + SLACK_MS;
    if (dueMs < READ_EVERY_MS) dueTimer = setTimeout(readNotices, Math.max(dueMs, SLACK_MS));
  } catch (error) {
    // The bell shows what it knows; it is read again.
    console.warn('notices could not be read', error);
  }
}

function take(items: readonly BellNotice[], askedAtMs: number): void {
  const before = archived.peek();
  batch(() => {
    archived.value = items;
    live.value = stillLive(live.peek(), items, askedAtMs);
    // Of what is told no more, nobody need know that it was read.
    const keys = new Set([...items, ...live.peek()].map(noticeKey));
    readUpTo.value = new Map([...readUpTo.peek()].filter(([key]) => keys.has(key)));
  });
  seeRoom();
  // The others have come live, with a toast of their own.
  const begun = news
    .peek()
    .filter((notice) => notice.type === 'ending' && notice.unread && !before?.some(isOf(notice)));
  if (before !== null) for (const notice of begun) toastOf(notice);
}

const bellNotice = ({ at, ...notice }: KeptNotice): BellNotice => ({
  ...notice,
  atMs: Date.parse(at),
});

export function dismissToast(id: number): void {
  toasts.value = toasts.value.map((toast) => (toast?.id === id ? undefined : toast));
}

/** Shows something for a moment, or until it is dismissed; a second one that leads to the same page takes its place. */
export function showToast(toast: Omit<Toast, 'id'>): void {
  lastToast += 1;
  const id = lastToast;
  const shown = toasts.peek();
  const oldest = Math.min(...shown.map((other) => other?.id ?? id));
  const places = [
    shown.findIndex((other) => other?.path === toast.path),
    shown.indexOf(undefined),
    shown.findIndex((other) => other?.id === oldest),
  ];
  toasts.value = shown.with(places.find((place) => place >= 0) ?? 0, { ...toast, id });
  if (toast.path !== null) setTimeout(() => dismissToast(id), SHOWN_MS);
}

function toastOf(notice: BellNotice): void {
  const path = roomPath(notice.auctionId);
  showToast({ ...noticeTexts(notice, serverNow()), path });
}

/** The list was looked at. */
export function readNews(): void {
  markRead(news.peek());
}

/** Another user's news are none of the next one's business, also those still on their way. */
export function forgetNews(): void {
  batch(() => {
    archived.value = null;
    live.value = [];
    readUpTo.value = new Map();
    toasts.value = NO_TOASTS;
  });
  readNotices();
}

/** A page is looked at that shows what its news is about: a tab behind others shows nobody anything. */
export function seeRoom(): void {
  if (document.visibilityState !== 'visible') return;
  const here = route.peek();
  if (here.page !== 'room') return;
  markRead(news.peek().filter(({ auctionId }) => auctionId === here.auctionId));
}

function markRead(notices: readonly BellNotice[]): void {
  const unread = notices.filter((notice) => notice.unread);
  const asking = client;
  if (asking === undefined || unread.length === 0) return;
  const marks = new Map(readUpTo.peek());
  for (const notice of unread) marks.set(noticeKey(notice), notice.atMs);
  readUpTo.value = marks;
  const items = unread.map(({ type, auctionId, atMs }): ReadNotice => ({
    type,
    auctionId,
    upTo: new Date(atMs).toISOString(),
  }));
  asUser(asking, () => asking.readNotices(items)).catch((error: unknown) => {
    console.warn('what was read could not be kept', error);
    // Other devices show them as news, so this one does too.
    const left = new Map(readUpTo.peek());
    for (const notice of unread) left.delete(noticeKey(notice));
    readUpTo.value = left;
  });
}

/** Shows it at once, before the archive has it. */
export async function hearNotice(asking: OutcryClient, notice: UserNotice): Promise<void> {
  const { type, auctionId, price } = notice;
  const userId = signedInAs.peek();
  // The server's clock is known to some ms only, and what is read here is read for good.
  const atMs = serverNow() + SLACK_MS;
  readNoticesTwice();
  const auction = await asking.auction(auctionId).catch(() => undefined);
  if (signedInAs.peek() !== userId) return;
  const news: BellNotice = {
    type,
    auctionId,
    title: auction?.item.title ?? 'An auction',
    currency: auction?.currency ?? '',
    price,
    status: type === 'won' ? 'ended' : 'live',
    endsAt: auction?.endsAt ?? new Date(atMs).toISOString(),
    atMs,
    unread: true,
  };
  const isOvertaken = live.peek().some((other) => isOf(news)(other) && other.atMs > atMs);
  if (isOvertaken) return;
  live.value = [news, ...live.peek().filter((other) => !isOf(news)(other))].slice(0, MAX_LIVE);
  seeRoom();
  const here = route.peek();
  const isSeen =
    document.visibilityState === 'visible' && here.page === 'room' && here.auctionId === auctionId;
  if (!isSeen) toastOf(news);
}
