/** Which address is which page. */
import type { AuctionStatus } from '@outcry/shared/contracts/events.ts';

/** The statuses that have a list of their own. */
export type ListedStatus = Extract<AuctionStatus, 'scheduled' | 'live' | 'ended'>;

export type Route =
  | { readonly page: 'lobby'; readonly status: ListedStatus }
  | { readonly page: 'room'; readonly auctionId: string }
  | { readonly page: 'sale'; readonly saleId: string }
  | { readonly page: (typeof FIXED_PAGES)[number] | 'nowhere' };

/** Pages whose address is their name. */
const FIXED_PAGES = [
  'account',
  'admin',
  'leaders',
  'my-bids',
  'sales',
  'saved',
  'sell',
  'selling',
  'signed-in',
  'webhooks',
] as const;

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
const LISTED = ['live', 'scheduled', 'ended'] as const;

/** Reads a path; one closing slash does not matter. */
export function routeOf(path: string): Route {
  const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  const status = LISTED.find((listed) => lobbyPath(listed) === bare);
  if (status !== undefined) return { page: 'lobby', status };
  const saleId = SALE.exec(bare)?.[1];
  if (saleId !== undefined) return { page: 'sale', saleId };
  const auctionId = ROOM.exec(bare)?.[1];
  if (auctionId !== undefined) return { page: 'room', auctionId };
  return { page: FIXED_PAGES.find((page) => `/${page}` === bare) ?? 'nowhere' };
}
