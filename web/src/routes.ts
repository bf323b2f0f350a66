/** Which address is which page. */
import type { AuctionStatus } from '@outcry/shared/contracts/events.ts';

/** The statuses that have a list of their own. */
export type ListedStatus = Extract<AuctionStatus, 'scheduled' | 'live' | 'ended'>;

export type Route =
  | { readonly page: 'lobby'; readonly status: ListedStatus }
  | { readonly page: 'room'; readonly auctionId: string }
  | { readonly page: 'sell' }
  | { readonly page: 'selling' }
  | { readonly page: 'sales' }
  | { readonly page: 'sale'; readonly saleId: string }
  | { readonly page: 'my-bids' }
  | { readonly page: 'saved' }
  | { readonly page: 'leaders' }
  | { readonly page: 'account' }
  | { readonly page: 'admin' }
  | { readonly page: 'webhooks' }
  | { readonly page: 'signed-in' }
  | { readonly page: 'nowhere' };

const LOBBY_PATHS: Readonly<Record<ListedStatus, string>> = {
  live: '/',
  scheduled: '/scheduled',
  ended: '/ended',
};

export const lobbyPath = (status: ListedStatus): string => LOBBY_PATHS[status];
export const roomPath = (auctionId: string): string => `/auctions/${auctionId}`;
export const SELL_PATH = '/sell';
export const SELLING_PATH = '/selling';
/** The form with the item and the terms of an auction in it. */
export const duplicatePath = (auctionId: string): string => `${SELL_PATH}?like=${auctionId}`;
/** The same, to put another auction in that one's place. */
export const changePath = (auctionId: string): string => `${SELL_PATH}?change=${auctionId}`;
export const SALES_PATH = '/sales';
export const salePath = (saleId: string): string => `${SALES_PATH}/${saleId}`;
/** The same, open where its terms are changed. */
export const changeSalePath = (saleId: string): string => `${salePath(saleId)}?change`;
export const MY_BIDS_PATH = '/my-bids';
export const SAVED_PATH = '/saved';
export const LEADERS_PATH = '/leaders';
export const ACCOUNT_PATH = '/account';
export const ADMIN_PATH = '/admin';
export const WEBHOOKS_PATH = '/webhooks';
/** Where a sign-in elsewhere comes back to. */
export const SIGNED_IN_PATH = '/signed-in';

const ROOM = /^\/auctions\/([A-Za-z0-9_-]{1,64})$/u;
const SALE = /^\/sales\/([A-Za-z0-9_-]{1,64})$/u;

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
    case SELLING_PATH:
      return { page: 'selling' };
    case SALES_PATH:
      return { page: 'sales' };
    case MY_BIDS_PATH:
      return { page: 'my-bids' };
    case SAVED_PATH:
      return { page: 'saved' };
    case ACCOUNT_PATH:
      return { page: 'account' };
    case ADMIN_PATH:
      return { page: 'admin' };
    case WEBHOOKS_PATH:
      return { page: 'webhooks' };
    case LEADERS_PATH:
      return { page: 'leaders' };
    case SIGNED_IN_PATH:
      return { page: 'signed-in' };
    default: {
      const saleId = SALE.exec(bare)?.[1];
      if (saleId !== undefined) return { page: 'sale', saleId };
      const auctionId = ROOM.exec(bare)?.[1];
      return auctionId === undefined ? { page: 'nowhere' } : { page: 'room', auctionId };
    }
  }
}
