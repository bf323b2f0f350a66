/** Which page the address names, and moving between pages without loading anything anew. */
import { computed, signal } from '@preact/signals';
import type { AuctionStatus } from '@outcry/shared/contracts/events.ts';

/** The statuses that have a list of their own. */
export type ListedStatus = Extract<AuctionStatus, 'scheduled' | 'live' | 'ended'>;

export type Route =
  | { readonly page: 'lobby'; readonly status: ListedStatus }
  | { readonly page: 'room'; readonly auctionId: string }
  | { readonly page: 'sell' }
  | { readonly page: 'nowhere' };

const LOBBY_PATHS: Readonly<Record<ListedStatus, string>> = {
  live: '/',
  scheduled: '/scheduled',
  ended: '/ended',
};

export const lobbyPath = (status: ListedStatus): string => LOBBY_PATHS[status];
export const roomPath = (auctionId: string): string => `/auctions/${auctionId}`;
export const SELL_PATH = '/sell';

const ROOM = /^\/auctions\/([A-Za-z0-9_-]{1,64})$/u;

/** Reads a path; one closing slash does not matter. */
export function routeOf(path: string): Route {
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  switch (bare) {
    case LOBBY_PATHS.live:
      return { page: 'lobby', status: 'live' };
    case LOBBY_PATHS.scheduled:
      return { page: 'lobby', status: 'scheduled' };
    case LOBBY_PATHS.ended:
      return { page: 'lobby', status: 'ended' };
    case SELL_PATH:
      return { page: 'sell' };
    default: {
      const auctionId = ROOM.exec(bare)?.[1];
      return auctionId === undefined ? { page: 'nowhere' } : { page: 'room', auctionId };
    }
  }
}

const path = signal(location.pathname);

export const route = computed(() => routeOf(path.value));

/** Goes to a page of this app. */
export function goTo(to: string): void {
  if (to !== location.pathname) history.pushState(null, '', to);
  path.value = to;
  scrollTo({ top: 0, behavior: 'instant' });
}

/** Makes plain clicks on links within the app, and the browser's back and forward, change the page. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    path.value = location.pathname;
  });
  document.addEventListener('click', (click) => {
    const modified = click.metaKey || click.ctrlKey || click.shiftKey || click.altKey;
    if (click.defaultPrevented || click.button !== 0 || modified) return;
    const link = click.target instanceof Element ? click.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (link.hasAttribute('download') || link.hash !== '') return;
    click.preventDefault();
    goTo(link.pathname);
  });
}
