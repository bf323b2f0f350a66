/** Which auctions of a list are shown, and in which order; pure. */
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { ListedStatus } from '../routes.ts';

export type LobbyFilter = 'closing' | 'no-bids' | 'buy-now' | 'will-sell' | 'sold' | 'unsold';
export type LobbyOrder = 'listed' | 'most-bids';

export interface LobbyView {
  /** All of them must hold. */
  readonly only: readonly LobbyFilter[];
  readonly order: LobbyOrder;
}

export const WHOLE_LIST: LobbyView = { only: [], order: 'listed' };

const CLOSING_MS = 5 * 60_000;

const TESTS: Readonly<Record<LobbyFilter, (auction: AuctionView, nowMs: number) => boolean>> = {
  closing: ({ endsAt }, nowMs) => Date.parse(endsAt) - nowMs <= CLOSING_MS,
  'no-bids': ({ leader }) => leader === null,
  // The first bid takes the offer away.
  'buy-now': ({ buyNowPrice, leader }) => buyNowPrice !== undefined && leader === null,
  'will-sell': ({ reserveMet, leader }) => reserveMet && leader !== null,
  sold: ({ outcome }) => outcome === 'sold',
  unsold: ({ outcome }) => outcome !== 'sold',
};

/** Which filters make sense in which list, with their words. */
export const FILTERS: Readonly<Record<ListedStatus, readonly (readonly [LobbyFilter, string])[]>> =
  {
    live: [
      ['closing', 'Ending soon'],
      ['no-bids', 'No bids yet'],
      ['buy-now', 'Buy now'],
      ['will-sell', 'Will be sold'],
    ],
    scheduled: [['buy-now', 'Buy now']],
    ended: [
      ['sold', 'Sold'],
      ['unsold', 'Not sold'],
    ],
  };

/** Whether the view shows anything but the list as it is. */
export const isNarrowed = ({ only, order }: LobbyView): boolean =>
  only.length > 0 || order !== 'listed';

/** @param nowMs by the server's clock */
export function applyView(
  auctions: readonly AuctionView[],
  { only, order }: LobbyView,
  nowMs: number,
): readonly AuctionView[] {
  const shown = auctions.filter((auction) => only.every((name) => TESTS[name](auction, nowMs)));
  return order === 'listed' ? shown : shown.toSorted((a, b) => b.bidCount - a.bidCount);
}

/** The view with one filter switched on or off. */
export function toggled(view: LobbyView, filter: LobbyFilter): LobbyView {
  const only = view.only.includes(filter)
    ? view.only.filter((name) => name !== filter)
    : [...view.only, filter];
  return { ...view, only };
}
