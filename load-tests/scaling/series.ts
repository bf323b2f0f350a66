/** What grows, in which steps, and what stays as it is meanwhile. */

/** Bids that are due at a fixed rate. */
export interface BidPoint {
  readonly gateways: number;
  readonly auctions: number;
  readonly bidsPerSecond: number;
}

/** Viewers of one auction. */
export interface ViewerPoint {
  readonly broadcasters: number;
  readonly viewers: number;
  readonly bidsPerSecond: number;
}

interface Grows<P> {
  readonly title: string;
  /** Of the axis along which it grows. */
  readonly grows: string;
  readonly points: readonly { readonly x: number; readonly point: P }[];
}
export type BidSeries = Grows<BidPoint> & { readonly kind: 'bids' };
export type ViewerSeries = Grows<ViewerPoint> & { readonly kind: 'viewers' };
export type Series = BidSeries | ViewerSeries;

/** Well below what two cores can do, so that a bid costs what it costs and nobody waits. */
const STEADY_BIDS = 1_500;
const PROCESSES = [1, 2, 4];
const VIEWERS = [100, 300, 1_000, 3_000, 10_000];
/** So many that one broadcaster has something to do, and the crowd is not the limit. */
const SHARED_VIEWERS = 2_000;
const BIDS_TO_VIEWERS = 20;

const bids = (
  title: string,
  grows: string,
  steps: readonly number[],
  pointAt: (x: number) => Partial<BidPoint>,
): BidSeries => ({
  kind: 'bids',
  title,
  grows,
  points: steps.map((x) => ({
    x,
    point: { gateways: 1, auctions: 1, bidsPerSecond: STEADY_BIDS, ...pointAt(x) },
  })),
});

const viewers = (
  title: string,
  grows: string,
  steps: readonly number[],
  pointAt: (x: number) => Partial<ViewerPoint>,
): ViewerSeries => ({
  kind: 'viewers',
  title,
  grows,
  points: steps.map((x) => ({
    x,
    point: {
      broadcasters: 1,
      viewers: SHARED_VIEWERS,
      bidsPerSecond: BIDS_TO_VIEWERS,
      ...pointAt(x),
    },
  })),
});

export const SERIES: Readonly<Record<string, Series>> = {
  load: bids(
    'One gateway, one auction: more bids a second',
    'bids due a second',
    [100, 250, 500, 1_000, 2_000, 4_000, 6_000, 8_000, 10_000],
    (bidsPerSecond) => ({ bidsPerSecond }),
  ),
  auctions: bids(
    `One gateway, ${STEADY_BIDS} bids/s: spread over more auctions`,
    'auctions',
    [1, 10, 100, 1_000, 10_000],
    (auctions) => ({ auctions }),
  ),
  gateways: bids(
    `One auction, ${STEADY_BIDS} bids/s: spread over more gateways`,
    'gateways',
    PROCESSES,
    (gateways) => ({ gateways }),
  ),
  'gateways-spread': bids(
    `1,000 auctions, ${STEADY_BIDS} bids/s: spread over more gateways`,
    'gateways',
    PROCESSES,
    (gateways) => ({ gateways, auctions: 1_000 }),
  ),
  viewers: viewers(
    `One broadcaster, ${BIDS_TO_VIEWERS} bids/s on one auction: more viewers`,
    'viewers',
    VIEWERS,
    (all) => ({ viewers: all }),
  ),
  broadcasters: viewers(
    `${SHARED_VIEWERS} viewers, ${BIDS_TO_VIEWERS} bids/s on one auction: spread over more broadcasters`,
    'broadcasters',
    PROCESSES,
    (broadcasters) => ({ broadcasters }),
  ),
};
