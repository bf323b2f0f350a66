import { expect, it } from 'vitest';
import { lobbyPath, roomPath, routeOf, SELL_PATH } from './routes.ts';

it.each([
  ['/', { page: 'lobby', status: 'live' }],
  ['/ended', { page: 'lobby', status: 'ended' }],
  ['/scheduled/', { page: 'lobby', status: 'scheduled' }],
  ['/sell', { page: 'sell' }],
  ['/selling', { page: 'selling' }],
  ['/sales', { page: 'sales' }],
  ['/sales/s7-xY_9', { page: 'sale', saleId: 's7-xY_9' }],
  ['/sales/s7-x/lots', { page: 'nowhere' }],
  ['/my-bids', { page: 'my-bids' }],
  ['/saved', { page: 'saved' }],
  ['/leaders', { page: 'leaders' }],
  ['/account', { page: 'account' }],
  ['/admin', { page: 'admin' }],
  ['/webhooks/', { page: 'webhooks' }],
  ['/auctions/a7-xY_9', { page: 'room', auctionId: 'a7-xY_9' }],
  ['/auctions/a7-x/', { page: 'room', auctionId: 'a7-x' }],
  ['/auctions/', { page: 'nowhere' }],
  ['/auctions/a7-x/bids', { page: 'nowhere' }],
  ['/auctions/a%2Fb', { page: 'nowhere' }],
  ['/cancelled', { page: 'nowhere' }],
])('%s is %j', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

it('reads back the paths it makes', () => {
  expect(routeOf(roomPath('a0-b'))).toEqual({ page: 'room', auctionId: 'a0-b' });
  expect(routeOf(lobbyPath('scheduled'))).toEqual({ page: 'lobby', status: 'scheduled' });
  expect(routeOf(SELL_PATH)).toEqual({ page: 'sell' });
});
